import { until } from "../../support/until.ts"
import type { Scene } from "../scene.ts"

const timeoutMs = 30_000

/** Waits until a router has made a deleted queue again, and it has its consumers. */
export async function declaredAgain(scene: Scene): Promise<void> {
  await until(() => scene.isConsuming, {
    what: "the deleted queue to be declared again",
    timeoutMs,
  })
  scene.declaredMs = performance.now()
}

import type { Scene } from "../scene.ts"

/**
 * RabbitMQ 3.10.8 loses a quorum queue's membership when it is killed within about a second of the
 * declaration: the queue is there afterwards and never answers. Nothing tells when that is over.
 */
const declarationSafeMs = 3_000

/** Waits until what was declared last may be killed. */
export const declarationSafe = ({ declaredMs }: Scene): Promise<void> =>
  Bun.sleep(Math.max(0, declaredMs + declarationSafeMs - performance.now()))

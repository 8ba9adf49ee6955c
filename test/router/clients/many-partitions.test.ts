import { expect, test } from "bun:test"
import { unique } from "../../support/unique.ts"
import { until } from "../../support/until.ts"
import { withVhost } from "../../support/vhost.ts"
import { clientScene } from "./client-scene.ts"

const { served, client } = clientScene(withVhost())
const partitions = 400

test("the router goes on with other things while many partitions move at once", async () => {
  const at = await served(unique("many"), { clients: { partitions } })
  const [gone, heir] = [client(at, "gone", []), client(at, "heir", [])]
  await gone.start()
  const has = (name: string, count: number) => {
    const owners = Array.from({ length: partitions }, (_, n) =>
      at.router.clientGroups[0]!.clientOf(n),
    )
    return owners.filter((owner) => owner === name).length === count
  }
  await until(() => has(gone.options.name, partitions), { what: "all of them" })
  await gone.leave()
  let lastMs = performance.now()
  let longestMs = 0
  const watch = setInterval(() => {
    longestMs = Math.max(longestMs, performance.now() - lastMs)
    lastMs = performance.now()
  }, 10)
  await heir.start()
  await until(() => has(heir.options.name, partitions), { what: "all to move", timeoutMs: 40_000 })
  clearInterval(watch)
  expect(longestMs).toBeLessThan(2_000)
}, 60_000)

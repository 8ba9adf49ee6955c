import { brokerKill } from "./broker-kill.ts"
import { connectionsClosed } from "./connections-closed.ts"
import { consumersCrash } from "./consumers-crash.ts"
import type { Fault } from "./fault.ts"
import { memoryAlarm } from "./memory-alarm.ts"
import { networkFaults } from "./network.ts"
import { queueDeleted } from "./queue-deleted.ts"
import { queueFull } from "./queue-full.ts"
import { routerKill } from "./router-kill.ts"
import { routerSuspended } from "./router-suspended.ts"

export const allFaults: readonly Fault[] = [
  brokerKill,
  connectionsClosed,
  routerKill,
  routerSuspended,
  ...networkFaults,
  memoryAlarm,
  queueDeleted,
  queueFull,
  consumersCrash,
]

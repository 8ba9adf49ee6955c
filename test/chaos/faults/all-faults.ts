import { brokerKill } from "./broker-kill.ts"
import { channelFaults } from "./channels.ts"
import { connectionsClosed } from "./connections-closed.ts"
import { consumersCrash } from "./consumers-crash.ts"
import { diskAlarm } from "./disk-alarm.ts"
import type { Fault } from "./fault.ts"
import { fullRouterKill } from "./full-router-kill.ts"
import { memoryAlarm } from "./memory-alarm.ts"
import { messageTooLarge } from "./message-too-large.ts"
import { networkFaults } from "./network.ts"
import { queueCrash } from "./queue-crash.ts"
import { queueDeleted } from "./queue-deleted.ts"
import { queueFull } from "./queue-full.ts"
import { queueReplaced } from "./queue-replaced.ts"
import { routerKill } from "./router-kill.ts"
import { routerSuspended } from "./router-suspended.ts"

export const allFaults: readonly Fault[] = [
  brokerKill,
  connectionsClosed,
  routerKill,
  fullRouterKill,
  routerSuspended,
  ...networkFaults,
  ...channelFaults,
  memoryAlarm,
  diskAlarm,
  queueCrash,
  queueDeleted,
  queueReplaced,
  queueFull,
  messageTooLarge,
  consumersCrash,
]

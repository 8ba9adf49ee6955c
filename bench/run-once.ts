import { cpus } from "node:os"
import type { BenchBroker } from "./bench-broker.ts"
import { makeVhost } from "./bench-vhost.ts"
import { checkQueues } from "./check-queues.ts"
import { cpuMs, machineCpuMs, peakBytes } from "./process-usage.ts"
import type { Contender, Subject } from "./subject.ts"
import type { Workload } from "./workload.ts"

/** What one run of one subject came to. */
export interface Measured {
  /** Messages, not copies: a message to three groups counts once. */
  readonly messagesPerSecond: number
  /** Of the subject's process, per message. */
  readonly cpuMicros: number
  /** Of the broker, per message; not a number when the broker is somebody else's. */
  readonly brokerCpuMicros: number
  readonly peakBytes: number
  /** Share of the machine that went to processes which have nothing to do with this. */
  readonly elsewhere: number
}

/**
 * Runs a subject once in a vhost of its own and checks what came of it.
 * @returns why it cannot take part, if it cannot
 * @throws {Error} when a message is missing, repeated, misplaced or out of order
 */
export async function runOnce(
  broker: BenchBroker,
  subject: Subject,
  workload: Workload,
): Promise<Measured | { readonly missing: string }> {
  await using vhost = await makeVhost(broker)
  const missing = await subject.missing?.(vhost)
  if (missing !== undefined) return { missing }
  const contender = await subject.prepare(vhost, workload)
  try {
    let messages = 0
    let before = usage(broker, contender)
    await contender.run((count) => {
      messages = count
      before = usage(broker, contender)
    })
    const measured = compared(before, usage(broker, contender), messages)
    await checkQueues(vhost, workload, contender)
    return { ...measured, peakBytes: peakBytes(contender.pid) }
  } finally {
    await contender.stop()
  }
}

function usage(broker: BenchBroker, { pid, senderPid }: Contender) {
  const brokerMs = broker.pid === undefined ? Number.NaN : cpuMs(broker.pid)
  const ownMs = cpuMs(pid)
  const senderMs = senderPid === undefined ? 0 : cpuMs(senderPid)
  const elsewhereMs = machineCpuMs() - brokerMs - ownMs - senderMs - cpuMs(process.pid)
  return { nowMs: Bun.nanoseconds() / 1e6, brokerMs, ownMs, elsewhereMs }
}

type Usage = ReturnType<typeof usage>

function compared(before: Usage, after: Usage, messages: number): Omit<Measured, "peakBytes"> {
  const elapsedMs = after.nowMs - before.nowMs
  return {
    messagesPerSecond: messages / (elapsedMs / 1000),
    cpuMicros: ((after.ownMs - before.ownMs) * 1000) / messages,
    brokerCpuMicros: ((after.brokerMs - before.brokerMs) * 1000) / messages,
    elsewhere: (after.elsewhereMs - before.elsewhereMs) / (elapsedMs * cpus().length),
  }
}

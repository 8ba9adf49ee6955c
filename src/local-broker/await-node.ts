import { connect } from "node:net"
import type { NodePorts } from "./node-files.ts"

const protocolHeader = Uint8Array.of(0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1)
const pollIntervalMs = 50
const probeTimeoutMs = 2_000

/**
 * Waits until a node speaks AMQP and its management API answers, by asking them: its own command
 * line tools take a second or two a call.
 *
 * @returns RabbitMQ's version, or `undefined` when `signal` was aborted first
 */
export async function awaitNode(
  ports: NodePorts,
  signal: AbortSignal,
): Promise<string | undefined> {
  while (!signal.aborted) {
    const version = (await speaksAmqp(ports.amqp)) ? await managementVersion(ports.management) : ""
    if (version !== "") return version
    await Bun.sleep(pollIntervalMs)
  }
  return undefined
}

/** A broker answers the protocol header with a method frame, whose first byte is 1. */
function speaksAmqp(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect({ port, host: "127.0.0.1" }, () => socket.write(protocolHeader))
    const end = (answer: boolean) => {
      socket.destroy()
      settle(answer)
    }
    socket.setTimeout(probeTimeoutMs, () => end(false))
    socket.once("data", (bytes) => end(bytes[0] === 1))
    socket.once("error", () => end(false))
    socket.once("close", () => end(false))
  })
}

async function managementVersion(port: number): Promise<string> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/api/overview`, {
      headers: { authorization: `Basic ${btoa("guest:guest")}` },
      signal: AbortSignal.timeout(probeTimeoutMs),
    })
    if (!answer.ok) return ""
    return ((await answer.json()) as { rabbitmq_version?: string }).rabbitmq_version ?? ""
  } catch {
    return ""
  }
}

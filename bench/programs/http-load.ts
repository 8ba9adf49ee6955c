/** Sends messages over HTTP on bare sockets: `fetch` costs more than what is measured. */
import { messagesOf, type Workload } from "../workload.ts"
import { done, programInput, readyToGo } from "./program-input.ts"
import { ResponseReader } from "./response-reader.ts"

export interface HttpLoadInput {
  /** Where messages are posted. */
  readonly url: string
  readonly workload: Workload
  readonly connections: number
  /** Messages in a request; from 2 on as NDJSON. */
  readonly batch: number
}

const { url, workload, connections, batch } = programInput<HttpLoadInput>()
const { hostname, port, pathname, host } = new URL(url)
const messages = messagesOf(workload)
const text = new TextEncoder()

const lanes = Array.from({ length: connections }, (): number[][] => [[], []])
for (let n = 0; n < messages.count; n++) {
  const connection = messages.keyIndex(n) % connections
  lanes[connection]![n < workload.warmUp ? 0 : 1]!.push(n)
}
const senders = await Promise.all(lanes.map(() => openSender()))
await send(lanes.map(([warmUp]) => requests(warmUp!)))
// Made beforehand: what a client costs is not what is measured, and the machine's cores are shared.
const measured = lanes.map(([, places]) => requests(places!))
await readyToGo()
await send(measured)
await done()

/** The requests of each connection one after the other, the connections side by side. */
async function send(all: readonly (readonly Uint8Array[])[]): Promise<void> {
  await Promise.all(all.map((own, index) => senders[index]!(own)))
}

function requests(places: readonly number[]): Uint8Array[] {
  const count = Math.ceil(places.length / batch)
  return Array.from({ length: count }, (_, n) => request(places.slice(n * batch, (n + 1) * batch)))
}

function request(places: readonly number[]): Uint8Array {
  const body = batch === 1 ? messages.body(places[0]!) : places.map(line).join("")
  const headers = [
    `POST ${pathname} HTTP/1.1`,
    `Host: ${host}`,
    `Content-Type: ${batch === 1 ? "application/json" : "application/x-ndjson"}`,
    `Content-Length: ${body.length}`,
    ...(batch === 1 ? [`Partition-Key: ${messages.key(places[0]!)}`] : []),
  ]
  return text.encode(`${headers.join("\r\n")}\r\n\r\n${body}`)
}

function line(n: number): string {
  return `{"key":"${messages.key(n)}","contentType":"application/json","body":${messages.body(n)}}\n`
}

function giveUp(reason: string): never {
  console.error(reason)
  process.exit(1)
}

/** Sends requests, each once the one before is answered, which has to be with 202. */
type Sender = (requests: readonly Uint8Array[]) => Promise<void>

async function openSender(): Promise<Sender> {
  let requests: readonly Uint8Array[] = []
  let next = 0
  let isDone = () => {}
  let rest: Uint8Array = new Uint8Array()
  const reader = new ResponseReader((status) => {
    if (status !== 202) giveUp(`the router answered ${status}`)
    sendNext()
  })
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      data: (_socket, bytes) => reader.read(bytes),
      drain: () => write(rest),
      close: () => giveUp("the router closed a connection"),
    },
  })
  const write = (bytes: Uint8Array) => {
    rest = bytes.subarray(socket.write(bytes))
  }
  const sendNext = () => {
    const request = requests[next++]
    if (request === undefined) isDone()
    else write(request)
  }
  return (own) =>
    new Promise((resolve) => {
      requests = own
      next = 0
      isDone = resolve
      sendNext()
    })
}

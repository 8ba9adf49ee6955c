/**
 * A process that owns a private node until it is killed, for tests of what is left then. Prints the
 * node's directory and pids. `--with-child` also starts a process that lives on without it.
 */
import { nodeRecordFile, readNodeRecord } from "../../src/local-broker/node-record.ts"
import { rabbitmqPrograms } from "../../src/local-broker/rabbitmq-programs.ts"
import { startPrivateNode } from "../../src/local-broker/start-private-node.ts"

const [persistentRoot, ...flags] = process.argv.slice(2)
const node = await startPrivateNode(rabbitmqPrograms()!, persistentRoot || undefined)
const child = flags.includes("--with-child") ? Bun.spawn(["sleep", "600"]).pid : undefined
const record = readNodeRecord(nodeRecordFile(node.directory))
console.log(JSON.stringify({ directory: node.directory, url: node.url, record, child }))
setInterval(() => {}, 60_000)

import { management } from "./management.ts"
import { unique } from "./unique.ts"
import type { Vhost } from "./vhost.ts"

/** A user of a vhost whose rights a test can change; gone at the end. */
export async function limitedUser(vhost: Vhost) {
  const name = unique("user")
  const everything = ".*"
  await management("PUT", `/api/users/${name}`, { password: "secret", tags: "" })
  const mayConfigure = async (configure: string): Promise<void> => {
    const rights = { configure, write: everything, read: everything }
    await management("PUT", `/api/permissions/${vhost.name}/${name}`, rights)
  }
  await mayConfigure(everything)
  const { host } = new URL(vhost.url)
  return {
    url: `amqp://${name}:secret@${host}/${vhost.name}`,
    /** Which queues it may declare, as a regular expression: `^$` is none. */
    mayConfigure,
    async [Symbol.asyncDispose]() {
      await management("DELETE", `/api/users/${name}`)
    },
  }
}

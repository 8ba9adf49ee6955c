import { management } from "./management.ts"
import { unique } from "./unique.ts"
import type { Vhost } from "./vhost.ts"

/** A user of a vhost whose rights a test can change; gone at the end. */
export async function limitedUser(vhost: Vhost) {
  const name = unique("user")
  const everything = ".*"
  await management("PUT", `/api/users/${name}`, { password: "secret", tags: "" })
  const grant = async (rights: {
    configure?: string
    write?: string
    read?: string
  }): Promise<void> => {
    const all = { configure: everything, write: everything, read: everything, ...rights }
    await management("PUT", `/api/permissions/${vhost.name}/${name}`, all)
  }
  await grant({})
  const { host } = new URL(vhost.url)
  return {
    url: `amqp://${name}:secret@${host}/${vhost.name}`,
    /** Which queues it may declare, as a regular expression: `^$` is none. */
    mayConfigure: (configure: string) => grant({ configure }),
    /** Which exchanges it may publish to: the default one is `amq\\.default`. */
    mayWrite: (write: string) => grant({ write }),
    /** Which queues it may consume. */
    mayRead: (read: string) => grant({ read }),
    async [Symbol.asyncDispose]() {
      await management("DELETE", `/api/users/${name}`)
    },
  }
}

/** A listening TCP socket. */
export interface Listener {
  readonly address: string
  readonly port: number
  readonly pid: number
}

/** All listening TCP sockets whose process can be seen, as `ss` tells them (Linux only). */
export function listeners(): readonly Listener[] {
  const listing = Bun.spawnSync(["ss", "-Hltnp"]).stdout.toString()
  return listing.split("\n").flatMap((line) => {
    const local = line.trim().split(/\s+/)[3]
    if (local === undefined) return []
    const colon = local.lastIndexOf(":")
    const [address, port] = [local.slice(0, colon), Number(local.slice(colon + 1))]
    return [...line.matchAll(/pid=(\d+)/g)].map(([, pid]) => ({ address, port, pid: Number(pid) }))
  })
}

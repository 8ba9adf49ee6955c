import { existsSync, readFileSync } from "node:fs"
import { LocalBrokerError } from "./local-broker-error.ts"

/** Also what installations at once lock; only root, who alone can install, may write here. */
const logFile = "/var/log/partymq-apt.log"
const outputTailLines = 15

/**
 * Installs the package without its service, which shall not start at the next boot either. Debian's
 * `policy-rc.d` is the switch for that; what was there is put back even if this process is killed,
 * since the shell runs on. The lock lets several installations at once wait for each other and ends
 * with the shell. The package's installation leaves a port mapper running; it is known by a variable
 * that it inherits.
 */
const script = `
set -eu
command -v rabbitmq-server >/dev/null && exit 0
exec >"$1" 2>&1
policy=/usr/sbin/policy-rc.d
saved=$policy.before-partymq
restore() {
  rm -f "$policy"
  if [ -e "$saved" ]; then mv "$saved" "$policy"; fi
  for directory in /proc/[0-9]*; do
    pid=\${directory#/proc/}
    [ "$(cat "$directory/comm" 2>/dev/null)" = epmd ] || continue
    tr '\\0' '\\n' < "$directory/environ" | grep -qx "PARTYMQ_INSTALLATION=$$" || continue
    kill "$pid" || true
  done
}
trap restore EXIT
trap 'exit 130' INT TERM HUP
if [ -e "$policy" ] && [ ! -e "$saved" ]; then mv "$policy" "$saved"; fi
printf '#!/bin/sh\\nexit 101\\n' > "$policy"
chmod 755 "$policy"
export DEBIAN_FRONTEND=noninteractive ERL_EPMD_ADDRESS=127.0.0.1 PARTYMQ_INSTALLATION=$$
apt-get -o DPkg::Lock::Timeout=300 update
apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends rabbitmq-server
systemctl disable rabbitmq-server.service epmd.socket epmd.service || true
`

export function canInstallWithApt(): boolean {
  return (
    process.getuid?.() === 0 && existsSync("/etc/debian_version") && Bun.which("apt-get") !== null
  )
}

/**
 * Installs RabbitMQ on Debian or Ubuntu, as root; takes a minute or two.
 * @throws {LocalBrokerError} `broker_install_failed`, with the end of what apt printed
 */
export async function aptInstall(): Promise<void> {
  // Nothing here is a pipe: the end of this process would tear apt in the middle of its work.
  const command = ["flock", "-o", logFile, "sh", "-c", script, "sh", logFile]
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "ignore", stderr: "ignore" })
  if ((await child.exited) === 0) return
  const tail = readFileSync(logFile, "utf8").trim().split("\n").slice(-outputTailLines).join("\n")
  throw new LocalBrokerError(
    "broker_install_failed",
    `apt-get could not install rabbitmq-server. The end of what it printed:\n${tail}`,
  )
}

import { join } from "node:path"

/** Whether this machine can make certificates; without, `test.skipIf(!canCertify)`. */
export const canCertify = Bun.which("openssl") !== null
if (!canCertify) console.warn("skipped: certificates need openssl on this machine")

/**
 * Makes `cert.pem`, which signs itself, for `localhost` and 127.0.0.1, with its key `key.pem`; and `other.pem`,
 * the key of another one.
 */
export function makeCertificate(folder: string): void {
  const at = (name: string) => join(folder, name)
  const names = ["-subj", "/CN=test", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
  for (const key of ["other.pem", "key.pem"]) {
    const made = [
      "-x509",
      "-nodes",
      "-newkey",
      "rsa:2048",
      "-keyout",
      at(key),
      "-out",
      at("cert.pem"),
    ]
    const run = Bun.spawnSync(["openssl", "req", ...made, ...names])
    if (run.exitCode !== 0) throw new Error(run.stderr.toString())
  }
}

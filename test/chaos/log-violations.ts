const forbidden: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/AMQPError \{|AMQPClient \{|AMQPChannel \{/, "logged an object of the client's"],
  [/<Buffer |Uint8Array\(|Buffer\(\d+\)|(\d{1,3},\s*){24}/, "logged bytes"],
  [/nobody noticed|nobody caught|"level":"fatal"/, "logged an error that nobody caught"],
]

/** What is wrong with a line of a router's log; never quotes the line, which may be the leak. */
export function logViolations(line: string, password: string): readonly string[] {
  const found = forbidden.filter(([pattern]) => pattern.test(line)).map(([, what]) => what)
  return line.includes(password) ? [...found, "logged the broker's password"] : found
}

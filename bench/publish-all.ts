/** Publishes unconfirmed at once; more of them gain nothing. */
export const unconfirmedOfUse = 1_000

/** Publishes the messages from one place up to another, in order, until all are confirmed. */
export function publishAll(
  from: number,
  to: number,
  publish: (n: number) => Promise<unknown>,
  unconfirmedMax = unconfirmedOfUse,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let next = from
    let confirmed = from
    const fill = () => {
      while (next < to && next - confirmed < unconfirmedMax) publish(next++).then(settled, reject)
    }
    const settled = () => {
      confirmed += 1
      if (confirmed === to) resolve()
      // Half of them at a time: what is written together goes out together.
      else if (next - confirmed <= unconfirmedMax / 2) fill()
    }
    fill()
  })
}

/**
 * Of so many partitions that wait to be given back, how many to begin with now: one, if one after each
 * pause gets all of them begun in the time that is left, else as many more as that takes. Pure.
 */
export function turnsDue(waiting: number, leftMs: number, pauseMs: number): number {
  const turnsLeft = Math.max(1, Math.floor(leftMs / pauseMs))
  return Math.ceil(waiting / turnsLeft)
}

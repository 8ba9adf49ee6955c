import type { Assignor } from "./assignor.ts"

/**
 * Neighbouring partitions for each member, members in the order of their names: easy to foresee, and the
 * same after any history, at the price of many moves when members come and go.
 */
export const range: Assignor = {
  guarantees: { balanced: true, fewestMoves: false },
  assign(owners, members) {
    const ordered = [...members].sort()
    const count = owners.length
    return owners.map((_, partition) =>
      ordered.length === 0 ? undefined : ordered[Math.floor((partition * ordered.length) / count)],
    )
  },
}

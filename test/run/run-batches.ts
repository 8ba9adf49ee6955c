/** Does one thing after the other at each place: whatever place is free takes the next. */
export async function runBatches<Batch, Place, Result>(
  batches: readonly Batch[],
  places: readonly Place[],
  run: (batch: Batch, place: Place) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = []
  const waiting = batches.values()
  await Promise.all(
    places.map(async (place) => {
      for (const batch of waiting) results.push(await run(batch, place))
    }),
  )
  return results
}

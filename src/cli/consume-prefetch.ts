/**
 * More than other consumers usually have unacked: a quorum queue puts what is given back behind all
 * that was given back before, so a consumer that takes only a part of that, and gives some of it back
 * unprinted, would change the order.
 */
export const consumePrefetch = 1_000

/** The bounds of whoever takes messages out: members, those that pull, clients. Part of `bounds`. */
export const consumerBounds = {
  /** Of a member's id, in characters. */
  memberIdLengthMax: 255,
  /** Members of one group. */
  groupMembersMax: 4096,
  /** Heartbeats that a member is asked for in the time after which its silence has it expire. */
  heartbeatsPerSession: 5,
  /**
   * How often it is looked whether partition queues stand still, if that takes no more than this share of
   * the time, and for how long one must, without and with somebody subscribed to it.
   */
  idleCheckIntervalMs: 5_000,
  idleCheckShare: 0.02,
  unconsumedSaidAfterMs: 15_000,
  undeliveredSaidAfterMs: 60_000,
  /** Tries to close the connections of a member that was fenced, and the pause between two. */
  cutOffAttemptsMax: 15,
  cutOffPauseMs: 2_000,
  /** How often it looks at the time. */
  groupTickMs: 200,
  /** A coordinator that did not look at it for so long was not running. */
  groupPauseMs: 2_000,
  /** Body of a member's request. */
  memberBodyBytesMax: 65_536,
  /** A member's request to PartyMQ, and the pause after one that failed: the first, the longest. */
  memberRequestTimeoutMs: 5_000,
  memberRetryFirstMs: 200,
  memberRetryMaxMs: 5_000,
  /** How long a member that is to be one no more waits for what it has begun. */
  fencedSettleMs: 5_000,
  /** How often a member asks the broker whether it is still there, at the least. */
  leaseCheckMs: 1_000,
  /** How often it looks at the time. */
  leaseTickMs: 50,
  /** When it has not for so long it begins nothing before the broker has said that it is still there. */
  leaseGapMs: 150,
  /** How long a consumer's acks may wait for an earlier message that is not handled. */
  ackGapMs: 100,
  /** Acks of single messages at once: of more a quorum queue's channel holds some back. */
  singleAcksMax: 16,
  /** Acks that may be on their way when a channel closes: of over 32 a quorum queue loses some. */
  unsettledAcksMax: 28,
  /** Between two partitions that a member gives back; within how long it begins with all of them. */
  handOverPauseMs: 8,
  handOverSpreadMs: 250,
  /** Parked keys of one group. With so many, a further one is tried again in its place. */
  parkedKeysMax: 1_000,
  /** How often it is looked whether a parked key is nearly replayed, and how many messages that is. */
  replayCheckMs: 200,
  replayTailMax: 10,
  /** How long its end may take with nothing to do. */
  replayEndMs: 10_000,
  /** Of what a failed handler said, in characters, in the note of its dead letter. */
  handlerErrorLengthMax: 300,
  /** Messages of a partition that are held for those who pull, and how many that can be set to. */
  pullPrefetch: 100,
  pullPrefetchMax: 10_000,
  /** Bytes of all that is held for them, shared out among the partitions that are read. */
  pullBytesMax: 32 * 1024 * 1024,
  /** Partitions that are read for them: each has a channel, of which a connection has 2047. */
  pullPartitionsMax: 2_000,
  /** How long a message is given to a consumer. */
  visibilityTimeoutMs: 30_000,
  visibilityTimeoutMsMin: 100,
  visibilityTimeoutMsMax: 43_200_000,
  /** Longest delay of a message that is given back. */
  nackDelayMsMax: 43_200_000,
  /** Leases of a partition that were lost with its channel, and whose keys are kept. */
  lostLeasesMax: 10_000,
  /** Messages in one answer, and their bytes, give or take the last. */
  pullMessages: 10,
  pullMessagesMax: 1_000,
  pullAnswerBytesMax: 4 * 1024 * 1024,
  /** How long a consumer may wait for messages: less than an idle connection lives. */
  pullWaitMsMax: 30_000,
  /** How long the first one waits at least: what it is for has only begun to be read. */
  pullFirstWaitMs: 500,
  /** How long that one waits for the connection on which it is read. */
  pullConnectMs: 5_000,
  /** Consumers that wait at once. */
  pullWaitingMax: 4_096,
  /** Of a consumer's name, in characters. */
  consumerNameLengthMax: 255,
  /** Receipts in one request, their length, and the body of such a request. */
  pullReceiptsMax: 1_000,
  receiptLengthMax: 1_024,
  pullBodyBytesMax: 1024 * 1024,
  /** Such requests whose body is coming, and the bytes that have come. */
  pullRequestsMax: 8_192,
  pullRequestBytesMax: 16 * 1024 * 1024,
  /** Partitions are given back when nobody has asked for messages for so long, and none is leased. */
  pullIdleMs: 60_000,
  /** How long a dead letter that the broker does not take waits until it is given out again. */
  pullDeadLetterRetryMs: 30_000,
  /** Partitions of a client-bound group: each is read on a channel of its own. */
  clientPartitionsMax: 1024,
  /** Clients of one group, and the length of their host names. */
  clientsMax: 1024,
  clientNameLengthMax: 200,
  /** How often the queues of clients are looked at while something waits for them to be empty. */
  clientLookIntervalMs: 100,
  /** What the management API says of a queue is not older: of a classic queue, and of any other. */
  classicTotalsAgeMs: 250,
  totalsAgeMs: 6_000,
  /** And of a quorum queue that is younger nothing is known, which looks like nothing being in it. */
  totalsYouthMs: 11_000,
  /** A client's queue that does not get shorter for so long is not waited for by what stays with it. */
  clientStuckMs: 10_000,
  /** Deliveries of one partition queue on their way to a client, and of a queue that is reclaimed. */
  forwardPrefetch: 64,
  reclaimPrefetch: 200,
  /** Bytes of both; besides, each of these queues may have one message on its way. */
  forwardBytesMax: 16 * 1024 * 1024,
  reclaimBytesMax: 32 * 1024 * 1024,
  /** How long a client that binds is kept waiting for its old queue to be emptied. */
  clientBindWaitMs: 10_000,
  /** How often a router tries to become the one that serves a group's clients. */
  clientsLockRetryMs: 1_000,
} as const

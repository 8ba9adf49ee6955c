/** Every bound of the process, named in one place. Sizes in bytes, times in milliseconds. */
export const bounds = {
  /** Longest partition key. Longer ones are rejected: a key is an identifier, not a document. */
  keyBytesMax: 4096,
  /**
   * Largest JSON body whose integers beyond 2^53 are read exactly: that costs some 100 times its size
   * in memory. In larger ones they are read as doubles, so that neighbours may be one key.
   */
  exactJsonBytesMax: 1_048_576,
  partitionsMax: 4096,
  groupsMax: 64,
  /** `virtualNodes * partitions` of one ring. */
  ringPointsMax: 4_194_304,
  /** Topic and group names; two of them and `partymq...g{n}.p{i}` fit `queueNameBytesMax`. */
  nameLengthMax: 100,
  /** Largest message body a broker takes by default since RabbitMQ 3.8. */
  bodyBytesMax: 134_217_728,
  /** Longest time that may be configured anywhere: AMQP carries milliseconds in 32 bits. */
  durationMsMax: 4_294_967_295,
  /** Levels of nesting in a configuration, and in a header that is shown. */
  configDepthMax: 32,
  shownHeaderDepthMax: 32,
  /** Of one logged value: levels of nesting, fields of one object, characters of one text. */
  logDepthMax: 6,
  logFieldsMax: 64,
  logTextLengthMax: 8192,
  /** AMQP's own limit on queue names and routing keys. */
  queueNameBytesMax: 255,
  /** AMQP's limit on short strings: content type, content encoding, message id, header names. */
  shortStringBytesMax: 255,
  /** Frame size asked of the broker; header frames cannot be split, so it is as large as brokers go. */
  frameBytesMax: 131_072,
  /** Room left in the header frame of a dead letter, for what a broker adds when it delivers again. */
  redeliveryHeadersBytesMax: 1024,
  connectTimeoutMs: 10_000,
  /** A declaration or another request to the broker. */
  requestTimeoutMs: 15_000,
  /** Queues that one answer of the management API names at most. */
  managementPageSize: 500,
  /** All that is declared and agreed on before a new connection carries messages. */
  setUpTimeoutMs: 300_000,
  /** Queues declared in one request's time: a quorum queue takes some 10 ms. */
  declaredAtOnce: 200,
  /** Looking for, declaring and consuming one source queue. */
  sourceSetUpTimeoutMs: 30_000,
  /** Halves of the heartbeat interval without a byte from the broker, after which it counts as dead. */
  heartbeatHalvesMissed: 5,
  /** How often the age of the oldest unconfirmed publish is looked at. */
  confirmCheckIntervalMs: 1_000,
  /** A router that has no connection to publish on for so long gives its sources to another. */
  sourcesKeptMs: 10_000,
  /** How often queues are looked at while nothing is wrong with them, and the pause after each. */
  queueCheckIntervalMs: 15_000,
  queueCheckPauseMs: 20,
  /** One that was gone is consumed once it has been there for so long. */
  queueSettleMs: 100,
  /** And how often while nothing can be published to some of them. */
  barredCheckIntervalMs: 2_000,
  /** A quorum queue with a leader answers in a few ms, or in a second while it elects another. */
  probeTimeoutMs: 1_500,
  /** Channels that the broker closes over one message before it is taken for one it never takes. */
  strikesMax: 3,
  /** Part of the confirm timeout: no more silence is waited out before the search for it goes on. */
  suspectPatience: 0.2,
  /** Confirm timeouts in a row after which one queue's silence costs the connection after all. */
  muteTimeoutsMax: 10,
  /** Pause before a publish channel that the broker closed is opened again; over a single message. */
  channelReopenMs: 20,
  strikePauseMs: 1_000,
  /** Bytes of all sources on their way, shared out; over it they are not read, for so long at most. */
  sourcePausedMs: 10_000,
  sourceInFlightBytesMax: 16 * 1024 * 1024,
  /** Bytes of messages that may come in before those of settled ones are collected. */
  passingBytesMax: 8 * 1024 * 1024,
  /** What a router takes with small messages; over it more is done to give memory back. */
  residentBytesUsual: 128 * 1024 * 1024,
  /**
   * With so many publishes unconfirmed a further one waits for others to the same queue: until they are so
   * many, or until a round is over with nothing of theirs in flight, or for so many rounds.
   */
  unconfirmedBusyMin: 16,
  gatherMessagesMax: 32,
  gatherMs: 1,
  gatherRoundsMax: 5,
  /** Handed to a socket at once, give or take a frame; the rest waits uncopied until it has left. */
  writeBatchBytes: 128 * 1024,
  /** Largest frame that can be received: the broker adds headers beyond the size agreed on. */
  receivedFrameBytesMax: 1024 * 1024,
  /** How often conditions worth a line in the log are looked at, and how long one must be over. */
  conditionCheckIntervalMs: 1_000,
  conditionCalmMs: 5_000,
  /** Conditions that last at once and are said one by one. */
  conditionsSaidMax: 20,
  /** How long sources are not read, or one does not settle, before the log says so. */
  pauseSaidAfterMs: 5_000,
  stallSaidAfterMs: 30_000,
  /** Lines in a minute for promises that were rejected and that nobody noticed. */
  unnoticedSaidMax: 10,
  /** A connection lost earlier than this after it was set up counts as a failed attempt. */
  stableConnectionMs: 10_000,
  /** Deliveries of one source queue that may be on their way at once. */
  prefetch: 1000,
  /** How long acks of a source may be gathered, to become one. */
  ackGatherMs: 20,
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
  /** How often it looks at the time; after such a gap it begins nothing before the broker answers. */
  leaseTickMs: 50,
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
  /** How long a plugin or a configuration may take to load, and a partitioner for the sample keys. */
  moduleLoadTimeoutMs: 30_000,
  placementSampleTimeoutMs: 10_000,
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
  /** Messages of a dead-letter queue that are held while it is looked through. */
  visitedUnackedMax: 1_000,
  /** Messages and bytes accepted over HTTP and not yet confirmed. */
  httpInFlightMessagesMax: 4096,
  httpInFlightBytesMax: 48 * 1024 * 1024,
  /** How long a client may take to send one body; until then it holds a place among those in flight. */
  httpBodyReadTimeoutMs: 30_000,
  /** From then on the place of a body that is still coming goes to others, where there is no room. */
  httpBodyUndisturbedMs: 2_000,
  /** Larger bodies that are refused by their head are not even taken to be dropped. */
  discardedBodyBytesMax: 64 * 1024 * 1024,
  /** Lines of a batch between the oldest without a result and the newest. */
  batchOpenLinesMax: 1_000,
  /** Part of the places over HTTP that lines of batches may take; the rest is for single messages. */
  batchShare: 0.5,
  /** Failures of a batch, and bytes of the keys that failed, after which the rest is not read. */
  batchFailuresMax: 10_000,
  batchFailedKeyBytesMax: 1024 * 1024,
  /** Compressed results of all batches under way; over it those of accepted lines are only counted. */
  batchResultsBytesMax: 16 * 1024 * 1024,
  /** Results of a batch that are kept as text before they are compressed. */
  batchResultsTextMax: 64 * 1024,
  /** How often a line that waits for a place, or for the broker, looks again. */
  batchRecheckMs: 20,
  /** How often the age of the oldest line without a result is looked at. */
  batchExpiryCheckMs: 100,
} as const

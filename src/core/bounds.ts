import { consumerBounds } from "./consumer-bounds.ts"

/** Every bound of the process, named in one place. Sizes in bytes, times in milliseconds. */
export const bounds = {
  ...consumerBounds,
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
  /** Levels of nesting in a configuration. */
  configDepthMax: 32,
  /** Levels of nesting in a header that is shown. */
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
  /**
   * Part of the confirm timeout: after more silence the broker is still being sent a large message, or, in
   * the search for that one, has come to all that it was sent.
   */
  silencePatience: 0.2,
  /** Confirm timeouts in a row after which one queue's silence costs the connection after all. */
  muteTimeoutsMax: 10,
  /** Pause before a publish channel that the broker closed is opened again. */
  channelReopenMs: 20,
  /** The same after it was closed over a single message. */
  strikePauseMs: 1_000,
  /** Bytes of all sources on their way, shared out; over it they are not read, for so long at most. */
  sourcePausedMs: 10_000,
  sourceInFlightBytesMax: 16 * 1024 * 1024,
  /** Bytes of messages that may come in before those of settled ones are collected. */
  passingBytesMax: 8 * 1024 * 1024,
  /** What a router takes with small messages; over it more is done to give memory back. */
  residentBytesUsual: 128 * 1024 * 1024,
  /**
   * Reads of deliveries are kept so far apart, in a process that is nothing but a router, while so many
   * of them are on their way that another millisecond makes no difference.
   */
  readIntervalMs: 1,
  readRestMsMin: 0.05,
  readRestInFlightMin: 64,
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
  /** How long a plugin or a configuration may take to load, and a partitioner for the sample keys. */
  moduleLoadTimeoutMs: 30_000,
  placementSampleTimeoutMs: 10_000,
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

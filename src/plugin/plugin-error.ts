export type PluginErrorCode =
  /** No such built-in, file or installed package. */
  | "plugin_missing"
  /** The file throws when it is loaded, or is never done with that: a syntax error, its own code. */
  | "plugin_load_failed"
  /** What it exports is not a plugin. */
  | "plugin_shape"
  /** A partitioner where a key extractor belongs, or the other way round. */
  | "plugin_kind"
  /** Its schema refuses the configured options. */
  | "plugin_options"
  /** Its `create` throws, or does not return a function. */
  | "plugin_create_failed"
  /** It places keys outside the partitions, or not the same way twice. */
  | "plugin_placement"
  /** It takes so long for a key that it would hold up everything. */
  | "plugin_too_slow"
  /** Weights that it does not honour. */
  | "plugin_weights"

/**
 * A configured plugin cannot be used. Nothing to retry: the configuration or the plugin must
 * change.
 */
export class PluginError extends Error {
  override readonly name = "PluginError"
  readonly disposition = "crash"
  readonly code: PluginErrorCode

  constructor(code: PluginErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Why a publish channel ended. */
export type ChannelEnd =
  /** With its connection, for a reason that is not in the messages. */
  | { readonly kind: "lost" }
  /** The broker closed it over something that was published on it; over what, it does not say. */
  | { readonly kind: "offended" }
  /** The broker closed it over a body that is larger than it takes. */
  | { readonly kind: "tooLarge"; readonly bodyBytesMax: number }

/** What a client is told. */
export type ClientAnswer =
  | { readonly kind: "ok" }
  /** It cannot be done as things stand; what to do is in the text. */
  | { readonly kind: "conflict"; readonly error: string }
  /** Not by this router, or not now. */
  | { readonly kind: "away"; readonly detail: string }

/**
 * Request headers by their names in lower case, in no particular order. One sent several times comes as one
 * value, joined with `, `. (Not so cookies, which nobody asks for.)
 */
export type HeaderFields = Readonly<Record<string, string | undefined>>

/** All of them at once, which costs less than to iterate over them, or than to ask for a few. */
export const headerFields = (headers: Headers): HeaderFields => headers.toJSON()

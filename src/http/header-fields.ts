/** Request headers by name in lower case; one sent several times comes as one value, joined with `, `. */
export type HeaderFields = Readonly<Record<string, string | undefined>>

/** All of them at once, which costs less than to iterate over them, or than to ask for a few. */
export const headerFields = (headers: Headers): HeaderFields => headers.toJSON()

import { replyCode } from "./reply-code.ts"

/** `ACCESS_REFUSED`, or `NOT_ALLOWED` into the vhost: a right is lacking, or the password wrong. */
export const isForbidden = ({ message }: Pick<Error, "message">): boolean =>
  (replyCode(message) === 403 && !isHeldByAnother(message)) || noAccessToVhost.test(message)
/** More follows where it is for the moment only, as for a limit of connections. */
const noAccessToVhost = /access to vhost '.*' refused for user '[^']*' \(530\)$/
/** `NOT_FOUND` */
export const isMissing = ({ message }: Error): boolean => replyCode(message) === 404
/** `NOT_FOUND`, but it is there: on a node that is not. */
export const isAway = ({ message }: Error): boolean => /down or inaccessible/.test(message)
/** `PRECONDITION_FAILED` */
export const isConflict = ({ message }: Error): boolean => replyCode(message) === 406
/** `ACCESS_REFUSED` or `RESOURCE_LOCKED`: another consumer or connection has it, and no right is lacking. */
export const isHeldByAnother = (said: string): boolean =>
  said.includes("in exclusive use") || said.includes("RESOURCE_LOCKED")

import { replyCode } from "./reply-code.ts"

/** `ACCESS_REFUSED`: the user lacks a right. */
export const isForbidden = ({ message }: Error): boolean => replyCode(message) === 403
/** `NOT_FOUND` */
export const isMissing = ({ message }: Error): boolean => replyCode(message) === 404
/** `NOT_FOUND`, but it is there: on a node that is not. */
export const isAway = ({ message }: Error): boolean => /down or inaccessible/.test(message)
/** `PRECONDITION_FAILED` */
export const isConflict = ({ message }: Error): boolean => replyCode(message) === 406

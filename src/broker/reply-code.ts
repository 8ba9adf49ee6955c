/** The reply code of a broker's refusal: the client says it at the end of its messages, nowhere else. */
export const replyCode = (said: string): number => Number(/\((\d{3})\)$/.exec(said)?.[1])

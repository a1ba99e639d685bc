/** What errors that say at their end what to do say there. */
const advices = new WeakMap<Error, string>()

/** Notes what of an error's message is advice: the last of it. @returns the error */
export function endingIn<E extends Error>(advice: string, error: E): E {
  advices.set(error, advice)
  return error
}

/** The message of an error without its advice, for whoever has a better one. */
export function withoutAdvice(error: Error): string {
  const advice = advices.get(error)
  if (advice === undefined || !error.message.endsWith(advice)) return error.message
  return error.message.slice(0, -advice.length).trimEnd()
}

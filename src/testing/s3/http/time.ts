/** The same second is written and read many times over: in each answer, in each line of a listing, in each signature. */
function remembered<K, T>(work: (key: K) => T): (key: K) => T {
  const results = new Map<K, T>()
  return (key) => {
    const known = results.get(key)
    if (known !== undefined) return known
    const result = work(key)
    if (results.size >= 1000) results.clear()
    results.set(key, result)
    return result
  }
}

const isoOf = remembered((second: number) => new Date(second * 1000).toISOString())
const utcOf = remembered((second: number) => new Date(second * 1000).toUTCString())

/** S3 keeps times to the second. */
export function isoSeconds(ms: number): string {
  return isoOf(Math.floor(ms / 1000))
}

/** The date of HTTP headers. */
export function httpDate(ms: number): string {
  return utcOf(Math.floor(ms / 1000))
}

/** Reads the basic format of signatures, `20231020T120000Z`. */
export const parseBasicDate = remembered((text: string): number | undefined => {
  const match = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second] = match
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(ms) ? undefined : ms
})

/** Reads an ISO 8601 date with a time zone; anything else is undefined. */
export function parseIsoDate(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/.test(text)) return undefined
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? undefined : ms
}

/** Reads the date of a condition header; one that cannot be read counts as not sent (RFC 9110). */
export function parseHttpDate(text: string | null): number | undefined {
  if (text === null) return undefined
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? undefined : ms
}

/** Refuses options that make no scenario, from JavaScript too: a count of 1.5 would never be reached. */
export function checkScenario(options: unknown, known: readonly string[]): void {
  const given: Partial<Record<string, unknown>> = typeof options === 'object' && options !== null ? options : {}
  const mistakes = [
    ...nowMistakes(given.now),
    ...['count', 'failAtSource']
      .filter((name) => !isCount(given[name]))
      .map((name) => `${name} must be a whole number`),
    ...(isAmount(given.indexLagHours) ? [] : ['indexLagHours must be a number of hours']),
    ...([undefined, 'digital', 'call', 'all'].includes(given.media as string)
      ? []
      : ['media must be digital, call or all']),
    ...(isInterval(given.interval) ? [] : ['interval must be an object with start and end in ISO 8601']),
    ...Object.keys(given)
      .filter((name) => !known.includes(name))
      .map((name) => `${name} is not known; known are ${known.join(', ')}`),
  ]
  if (mistakes.length > 0) throw new TypeError(`createScenario cannot use its options: ${mistakes.join('; ')}.`)
}

function nowMistakes(now: unknown): string[] {
  const example = "give a time, e.g. now: '2023-10-20T12:00:00Z' or the now() of your clock"
  if (now === undefined) return [`now is missing: ${example}`]
  const isTime = typeof now === 'string' || typeof now === 'number' || now instanceof Date
  return isTime && !Number.isNaN(new Date(now).getTime()) ? [] : [`now is not a time: ${example}`]
}

function isCount(value: unknown): boolean {
  return value === undefined || (Number.isSafeInteger(value) && Number(value) >= 0)
}

function isAmount(value: unknown): boolean {
  return value === undefined || (Number.isFinite(value) && Number(value) >= 0)
}

function isInterval(value: unknown): boolean {
  if (value === undefined) return true
  const { start, end } = (value ?? {}) as { start?: unknown; end?: unknown }
  return typeof start === 'string' && typeof end === 'string'
}

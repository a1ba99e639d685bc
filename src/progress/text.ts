const english = new Intl.NumberFormat('en-GB')

/** A number as people read it. */
export function numberText(value: number): string {
  return english.format(Math.round(value))
}

/** A span of time as people say it. */
export function durationText(ms: number): string {
  const seconds = Math.ceil(ms / 1_000)
  if (seconds < 100) return `${seconds} s`
  const minutes = Math.ceil(seconds / 60)
  if (minutes < 100) return `${minutes} min`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

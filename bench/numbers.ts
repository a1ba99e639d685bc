/** Values of several rounds as one text: the median, and the least and most. */
export function span(numbers: readonly number[], show: (value: number) => string): string {
  return `${show(median(numbers))} (${show(Math.min(...numbers))} to ${show(Math.max(...numbers))})`
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}

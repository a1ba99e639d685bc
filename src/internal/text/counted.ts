/** A whole number as a person reads it. */
export function figure(count: number): string {
  return count.toLocaleString('en-US')
}

/** "1 recording", "2 recordings". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${figure(count)} ${count === 1 ? one : many}`
}

/** "once", "2 times". */
export function times(count: number): string {
  return count === 1 ? 'once' : counted(count, 'time')
}

/** "is" for one, "are" for any other number. */
export function verb(count: number, one: string, many: string): string {
  return count === 1 ? one : many
}

/** "1 recording", "2 recordings". */
export function counted(count: number, one: string): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : `${one}s`}`
}

/** "is" for one, "are" for any other number. */
export function verb(count: number, one: string, many: string): string {
  return count === 1 ? one : many
}

/** A text of its own with the same characters, none beyond latin1: a piece of a longer text keeps all of that in memory. */
export function copyOf(piece: string): string {
  return Buffer.from(piece, 'latin1').toString('latin1')
}

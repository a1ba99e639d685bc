import { createReadStream } from 'node:fs'
import { access } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import type { ObjectSource } from '../../options/call-options.js'
import { ArgumentError, type Given } from '../arguments.js'
import type { FlagSpec } from '../command.js'
import type { Terminal } from '../terminal.js'

/** What to look at: a prefix, or keys. */
export const keysFlag: FlagSpec = {
  name: 'keys-from',
  value: 'FILE',
  kind: 'text',
  about: 'file with one key a line, or - for standard input, in place of a prefix',
}

/** Objects as a command names them. Keys stream through: there may be millions. */
export async function sourceOf(given: Given, terminal: Terminal): Promise<ObjectSource | { readonly prefix: string }> {
  const [prefix, ...more] = given.positionals
  const file = given.text('keys-from')
  if (more.length > 0) throw new ArgumentError(`${JSON.stringify(more[0])} is one argument too many.`)
  if (file !== undefined && prefix !== undefined) throw new ArgumentError('Give a prefix or --keys-from, not both.')
  if (file === undefined) {
    if (prefix === undefined)
      throw new ArgumentError("PREFIX is missing: '' is the whole bucket; or give --keys-from FILE.")
    return { prefix }
  }
  if (file === '-') {
    if (terminal.input === undefined) throw new ArgumentError('--keys-from - reads standard input, and there is none.')
    return keysIn(terminal.input)
  }
  await access(file).catch((error: unknown) => {
    throw new ArgumentError(`--keys-from ${file} cannot be read: ${(error as Error).message}`)
  })
  return keysIn(createReadStream(file))
}

/** A key may begin or end with blanks: only the end of the line is taken off. */
async function* keysIn(input: NodeJS.ReadableStream): AsyncGenerator<string, void, void> {
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line !== '') yield line
  }
}

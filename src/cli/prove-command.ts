import { writeFile } from 'node:fs/promises'
import { prove } from '../custody/verify/prove.js'
import { needed, readArguments } from './arguments.js'
import type { Terminal } from './terminal.js'

/** `prove DIR KEY`. */
export async function proveCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  const given = readArguments(args, { out: 'text', json: 'flag' })
  const [dir = '', key = ''] = needed(given.positionals, ['DIR', 'BUCKET/KEY'])
  const proof = `${JSON.stringify(await prove(dir, key, terminal), null, 2)}\n`
  const out = given.text('out')
  if (out === undefined) {
    terminal.out(proof.trimEnd())
    return 0
  }
  await writeFile(out, proof)
  if (given.flag('json')) terminal.out(JSON.stringify({ proof: out }, null, 2))
  else terminal.out(`${out}: check it with verify --proof ${out} --key FILE`)
  return 0
}

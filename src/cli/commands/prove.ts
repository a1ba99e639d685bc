import { writeFile } from 'node:fs/promises'
import { prove as proofOf } from '../../custody/verify/prove.js'
import { type Given, needed } from '../arguments.js'
import type { CommandSpec } from '../command.js'
import { resolveMatter } from '../config/resolve.js'
import { bundleFirst, configFlag } from '../files/bundle.js'
import { openShardsIfAny, storeFlags } from '../scale/shards.js'
import type { Terminal } from '../terminal.js'

export const prove: CommandSpec = {
  name: 'prove',
  takes: 'DIR KEY',
  group: 'Evidence',
  summary: 'extract one record, with the proof that it was sealed with the others',
  about: `Extracts the last record about one object (KEY, or BUCKET/KEY) from a bundle, with its audit path (RFC 6962) and the signed statement. One recording can thus be disclosed without the others. \`verify --proof FILE\` checks it. An object of a run over shards is looked for in the store that --config or --store names.

A missing record is an error. Records that differ from the signed ones are an error as well.`,
  flags: [
    { name: 'out', value: 'FILE', kind: 'text', about: 'write the proof there (default: standard output, as JSON)' },
    configFlag,
    ...storeFlags,
  ],
  isForPrograms: (given) => given.text('out') === undefined,
  examples: ['prove legal-hold/doe-v-acme/evidence KEY --out proof.json'],
  run: proveCommand,
}

/** `prove DIR KEY`. */
async function proveCommand(given: Given, terminal: Terminal): Promise<number> {
  const resolved = await resolveMatter(given, terminal)
  const [dir = '', key = ''] = needed(bundleFirst(given, resolved, 2), ['DIR', 'BUCKET/KEY'])
  const opened = await openShardsIfAny(resolved)
  const { signal } = terminal
  const found = await proofOf(dir, key, { signal, shards: opened?.shards }).finally(() => opened?.close())
  const proof = `${JSON.stringify(found, null, 2)}\n`
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

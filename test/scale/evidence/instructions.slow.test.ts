import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { evidenceBundle } from '#src/node.js'
import { freshFolder, newKey, sealedRun } from '../../custody/bundle-world.js'
import { hasTool } from '../../custody/crypto/local-tsa.js'
import { scaledWorld } from '../scale-world.js'

const missing = ['openssl', 'sha256sum', 'jq', 'base64', 'od', 'dd'].filter((tool) => !hasTool(tool))
if (missing.length > 0) console.warn(`${missing.join(', ')} not installed: the commands for a shard are not run here`)

/** A sealed run over shards, and a copy of its store in a folder. */
async function sealedShards() {
  const world = scaledWorld([
    { hour: 40, conversation: 'c1', fates: ['untagged', 'held'], attachment: true },
    { hour: 41, conversation: 'c2', fates: ['missing', 'conflicting'], attachment: false },
    { hour: 42, conversation: 'c3', fates: ['untagged'], attachment: false },
  ])
  const [dir, key] = [freshFolder(), newKey()]
  const evidence = evidenceBundle({ dir, signer: key.signer, clock: world.clock })
  const report = await world.run({ objectsPerShard: 2, evidence })
  const store = freshFolder('store')
  for await (const name of world.store.list('')) {
    const path = join(store, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, (await world.store.read(name)) as Uint8Array)
  }
  const keyFile = freshFolder('key.pem')
  writeFileSync(keyFile, key.publicKey)
  return { dir, store, shards: report.scale?.shards ?? 0, env: { KEY: keyFile, STORE: store } }
}

/** The commands of VERIFY.md for a shard, with those before them, exactly as they stand there. */
function commandsOf(dir: string): string {
  const text = readFileSync(join(dir, 'VERIFY.md'), 'utf8')
  const blocks = [...text.matchAll(/^```(.+)\n([\s\S]*?)\n```$/gm)]
  return blocks
    .filter(([, kind]) => kind === 'sh' || kind === 'sh shard')
    .map(([, , commands]) => commands)
    .join('\n')
}

function shell(dir: string, env: Record<string, string>): Promise<{ code: number; out: string }> {
  return new Promise((resolve) => {
    const options = { cwd: dir, env: { ...process.env, ...env } }
    execFile('sh', ['-e', '-c', commandsOf(dir)], options, (error, out, err) =>
      resolve({ code: error === null ? 0 : 1, out: out + err }),
    )
  })
}

/** Changes the first file of a folder of the run that is meant. */
function change(store: string, folder: string, edit: (text: string) => string): void {
  const path = join(store, 'runs/r', folder)
  const [name] = readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((one) => one.startsWith('00000000-') && /\.jsonl?$|\.json$/.test(one))
    .sort()
    .slice(folder === 'journals' ? 2 : 0)
  const file = join(path, name ?? '')
  const before = readFileSync(file, 'utf8')
  const after = edit(before)
  expect(after).not.toBe(before)
  writeFileSync(file, after)
}

describe.runIf(missing.length === 0)('the commands of VERIFY.md for a shard', () => {
  test('verify its seal, its list and the tree over its records', async () => {
    const { dir, env, shards } = await sealedShards()
    expect(shards).toBeGreaterThan(1)
    for (const shard of [0, shards - 1]) {
      const { code, out } = await shell(dir, { ...env, SHARD: String(shard) })
      expect(out).toContain(`shard ${shard}: the root of its records is`)
      expect(code, out).toBe(0)
    }
  })

  test.each([
    ['a seal', 'seals', (text: string) => text.replace('"shard":0', '"shard":1')],
    ['a list', 'shards', (text: string) => text.replace('c1-r0', 'c1-r9')],
    ['a record', 'journals', (text: string) => text.replace('"time":"2023-10-20T', '"time":"2023-10-21T')],
  ])('fail for %s that was changed', async (_, folder, edit) => {
    const { dir, store, env } = await sealedShards()
    change(store, folder, edit)
    expect((await shell(dir, env)).code).toBe(1)
  })

  test('are not in the bundle of a run without shards', async () => {
    const { dir } = await sealedRun()
    expect(readFileSync(join(dir, 'VERIFY.md'), 'utf8')).not.toContain('One shard')
  })
})

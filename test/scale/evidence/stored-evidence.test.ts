import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type EvidenceWriter, LegalHoldError, MemoryJournal } from '#src/index.js'
import { evidenceBundle, sealEvidence, verifyEvidence } from '#src/node.js'
import { MemoryShardStore, shardVerifier, storedEvidence } from '#src/scale.js'
import { freshFolder, newKey } from '../../custody/bundle-world.js'
import { type Planted, scaledWorld } from '../scale-world.js'

const planted: readonly Planted[] = [
  { hour: 40, conversation: 'c1', fates: ['untagged', 'held'], attachment: true },
  { hour: 41, conversation: 'c2', fates: ['untagged'], attachment: false },
]
const codeOf = (error: unknown) => (LegalHoldError.isInstance(error) ? error.code : String(error))

/** The files of a bundle as somebody downloads them. */
async function downloaded(store: MemoryShardStore, prefix: string): Promise<string> {
  const dir = freshFolder()
  mkdirSync(dir)
  for await (const key of store.list(prefix)) {
    writeFileSync(join(dir, key.slice(prefix.length)), (await store.read(key)) as Uint8Array)
  }
  return dir
}

async function sealedInStore(prefix = 'evidence/m/') {
  const world = scaledWorld(planted)
  const key = newKey()
  const writer = storedEvidence({ store: world.store, prefix, place: 's3://bucket/evidence/m/' })
  const evidence = evidenceBundle({ writer, signer: key.signer, clock: world.clock })
  const events: unknown[] = []
  const onEvent = (event: { type: string }) => {
    if (event.type === 'sealed') events.push(event)
  }
  const report = await world.run({ objectsPerShard: 4, evidence, onEvent })
  return { ...world, key, writer, report, events, prefix }
}

test('evidence goes to a store as it goes to a folder, the statement last, and verifies', async () => {
  const { store, key, prefix, events } = await sealedInStore()
  expect(events).toMatchObject([{ evidence: { dir: 's3://bucket/evidence/m/', fingerprint: key.fingerprint } }])
  const dir = await downloaded(store, prefix)
  const { verified, problems } = await verifyEvidence(dir, {
    publicKey: key.publicKey,
    shards: shardVerifier({ store }),
  })
  expect(problems).toEqual([])
  expect(verified).toBe(true)
})

test('a place that holds a bundle is refused before anything is written to it', async () => {
  const { writer, key, run } = await sealedInStore()
  const evidence = evidenceBundle({ writer, signer: key.signer })
  expect(await run({ runId: 'another', evidence }).catch(codeOf)).toBe('EVIDENCE_NOT_SEALED')
})

/** A writer that does something to one of its files. */
function faulty(inner: EvidenceWriter, isMeant: (name: string) => boolean, fault: 'loses' | 'changes' | 'fails') {
  const written: string[] = []
  const writer: EvidenceWriter = {
    place: inner.place,
    async write(name, content, options) {
      written.push(name)
      if (!isMeant(name)) return inner.write(name, content, options)
      if (fault === 'fails') throw new Error('the network is gone')
      for await (const _ of content) if (fault === 'loses') break
      const changed = async function* () {
        yield Buffer.from('something else')
      }
      if (fault === 'changes') await inner.write(name, changed(), options)
    },
    read: (name, options) => inner.read(name, options),
  }
  return { writer, written }
}

test.each(['loses', 'changes', 'fails'] as const)(
  'a writer that %s a file is found out, and no statement is written',
  async (fault) => {
    const { key, run } = scaledWorldWith()
    const { writer, written } = faulty(
      storedEvidence({ store: new MemoryShardStore(), prefix: 'e/' }),
      (name) => name === 'records.jsonl',
      fault,
    )
    const error = await run({ evidence: evidenceBundle({ writer, signer: key.signer }) }).catch((failure) => failure)
    expect(codeOf(error)).toBe('EVIDENCE_NOT_SEALED')
    expect(error.details.report).toMatchObject({ outcome: 'complete' })
    expect(written).not.toContain('statement.dsse.json')
  },
)

function scaledWorldWith() {
  return { ...scaledWorld(planted), key: newKey() }
}

test('a bundle has one place, and a run whose evidence goes to a writer needs a journal', async () => {
  const { signer } = newKey()
  const store = new MemoryShardStore()
  const writer = storedEvidence({ store, prefix: 'e/' })
  expect(() => evidenceBundle({ dir: 'x', writer, signer })).toThrow(/must be left out where there is a writer/)
  expect(() => evidenceBundle({ signer })).toThrow(/must be a folder, or give a writer/)
  expect(() => evidenceBundle({ writer: {} as never, signer })).toThrow(/must be an EvidenceWriter/)
  expect(await sealEvidence(new MemoryJournal(), { signer }).catch(codeOf)).toBe('INVALID_OPTIONS')
  const { exporter } = scaledWorld(planted)
  const alone = exporter.run(
    { integrationId: 'i', interval: { start: '2023-10-18T12:00:00Z', end: '2023-10-20T11:00:00Z' } },
    { evidence: evidenceBundle({ writer, signer }) },
  )
  expect(await alone.catch((error) => error.message)).toContain('needs a journal of its own')
  expect(store.size).toBe(0)
})

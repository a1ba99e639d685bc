import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { LegalHoldExporter, MemoryJournal, type ObjectRef, type RunEvent } from '#src/index.js'
import { evidenceBundle } from '#src/node.js'
import { MemoryStorageAdapter, type MemoryStorageOptions, SimulatedClock } from '#src/testing/index.js'
import { folder, freshFolder, newKey, request, tag } from '../../custody/bundle-world.js'
import { FakePlatform } from '../../fakes/platform.js'

const key = `${folder}/r1.wav`
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

/** A storage whose copies have another content of the same size: no server does it, and none must get away with it. */
class Falsifying extends MemoryStorageAdapter {
  override async *readContent(ref: ObjectRef): AsyncGenerator<Uint8Array> {
    const { versionId } = ref
    const isCopy = versionId !== this.first && ref.key === key
    for await (const chunk of super.readContent({ ...ref, versionId }))
      yield isCopy ? chunk.map((byte) => ~byte) : chunk
  }

  first: string | undefined
}

async function run(
  hashContent: 'missing' | 'all' | 'none',
  options: MemoryStorageOptions = {},
  Storage: typeof MemoryStorageAdapter = MemoryStorageAdapter,
) {
  const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
  const reads: string[] = []
  const intercept: MemoryStorageOptions['intercept'] = ({ operation, key: read }, when) => {
    if (when === 'before' && ['readContent', 'replaceMetadata'].includes(operation) && read === key)
      reads.push(operation)
  }
  const storage = new Storage({ clock, intercept, ...options })
  const platform = new FakePlatform()
  platform.expected.push({ recordingId: 'r1', conversationId: 'c1' })
  clock.advance(10_000)
  storage.put(key, { body: 'sound', metadata: { project: 'x' } })
  storage.put(`${key}_metadata.json`, { body: '{}', metadata: { 'legal-hold-tag': tag } })
  const head = await storage.head({ bucket: storage.bucket, key })
  if (storage instanceof Falsifying && head.found) storage.first = head.state.versionId
  const journal = new MemoryJournal()
  const exporter = new LegalHoldExporter({ platform, storage, clock, hold: { tag }, accept: ['versioning-off'] })
  const events: RunEvent[] = []
  const evidence = evidenceBundle({ clock, dir: freshFolder(), signer: newKey().signer, hashContent })
  const report = await exporter.run(request, { evidence, journal, onEvent: (event) => events.push(event) })
  const verdicts = new Map<string, Record<string, never>>()
  for await (const { type, data } of journal.entries()) {
    const object = data.object as { key: string } | undefined
    if (type === 'verdict' && object !== undefined) verdicts.set(object.key, data as Record<string, never>)
  }
  return {
    report,
    events,
    reads,
    record: verdicts.get(key) as Record<string, never>,
    sidecar: verdicts.get(`${key}_metadata.json`),
  }
}

describe('the digests of an object', () => {
  test('are of the original beneath a repair and of the copy, each by its version', async () => {
    const { record, sidecar } = await run('missing')
    const { before, after } = record as unknown as Record<'before' | 'after', { versionId: string }>
    const digest = { algorithm: 'SHA256', value: sha256('sound'), source: 'content' }
    expect(record).toMatchObject({
      outcome: 'repaired',
      digest: { ...digest, versionId: after.versionId },
      digestBefore: { ...digest, versionId: before.versionId },
    })
    expect(after.versionId).not.toBe(before.versionId)
    // Nothing was written over it, so one digest says all.
    expect(sidecar).toMatchObject({ outcome: 'held', digest: { value: sha256('{}') } })
    expect(sidecar).not.toHaveProperty('digestBefore')
  })

  test('are read before a copy that leaves nothing beneath', async () => {
    const { record, reads } = await run('all', { versioning: false })
    expect(reads).toEqual(['readContent', 'replaceMetadata', 'readContent'])
    expect(record).toMatchObject({
      outcome: 'repaired',
      digest: { value: sha256('sound') },
      digestBefore: { value: sha256('sound') },
    })
  })

  test('are not read where nobody asked for it', async () => {
    const { record, reads } = await run('none', { versioning: false })
    expect(reads).toEqual(['replaceMetadata'])
    expect(record).not.toHaveProperty('digest')
    expect(record).not.toHaveProperty('digestBefore')
  })

  test('show a copy with another content, which is no repair', async () => {
    const { report, record, events } = await run('missing', {}, Falsifying)
    expect(report).toMatchObject({ outcome: 'incomplete', counts: { repaired: 0, unrepaired: 1 } })
    expect(report.exceptions[0]?.reason).toContain('the content of the copy is another')
    expect(record).toMatchObject({
      outcome: 'unrepaired',
      verification: 'failed',
      differences: [
        { property: 'content', before: sha256('sound'), after: expect.not.stringContaining(sha256('sound')) },
      ],
    })
    const told = events.flatMap((event) => (event.type === 'remediation' ? [event.remediation.outcome] : []))
    expect(told).toEqual(['failed'])
  })
})

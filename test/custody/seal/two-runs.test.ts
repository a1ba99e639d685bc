import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Journal, LegalHoldExporter, MemoryJournal } from '#src/index.js'
import { evidenceBundle, FileJournal, verifyEvidence } from '#src/node.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { FakePlatform } from '../../fakes/platform.js'
import { folder, freshFolder, newKey, request, tag } from '../bundle-world.js'

const key = newKey()

function world() {
  const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
  const storage = new MemoryStorageAdapter({ clock })
  const platform = new FakePlatform()
  clock.advance(10_000)
  for (let id = 1; id <= 8; id += 1) {
    platform.expected.push({ recordingId: `r${id}`, conversationId: 'c1', conversationStart: '2023-10-20T09:30:00Z' })
    for (const name of [`r${id}.json`, `r${id}.json_metadata.json`]) storage.put(`${folder}/${name}`, { body: name })
  }
  const exporter = new LegalHoldExporter({ platform, storage, clock, hold: { tag } })
  const bundle = (dir: string) => evidenceBundle({ dir, signer: key.signer, clock })
  return { exporter, bundle }
}

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error) => error.code,
  )

describe('a second run while the first is under way', () => {
  const journals: [string, () => Journal][] = [
    ['a file', () => new FileJournal(freshFolder('journal'))],
    ['memory', () => new MemoryJournal()],
  ]
  const both = journals.flatMap(([where, make]) =>
    [true, false].flatMap((first) => [true, false].map((second) => ({ where, make, first, second }))),
  )
  test.each(both)(
    'is refused on its journal in $where (evidence of the first: $first, of the second: $second)',
    async ({ make, first, second }) => {
      const { exporter, bundle } = world()
      const journal = make()
      const [dir, other] = [freshFolder(), freshFolder()]
      let intruder: Promise<unknown> | undefined
      await exporter.run(request, {
        journal,
        ...(first ? { evidence: bundle(dir) } : {}),
        onEvent: () => {
          intruder ??= codeOf(exporter.run(request, { journal, ...(second ? { evidence: bundle(other) } : {}) }))
        },
      })
      expect(await intruder).toBe('JOURNAL_LOCKED')
      if (first) expect((await verifyEvidence(dir, { publicKey: key.publicKey })).problems).toEqual([])
      // It is free again, and what is sealed of it now is the run that it holds.
      const report = await exporter.run(request, { journal, evidence: bundle(freshFolder()) })
      expect(report).toMatchObject({ outcome: 'complete', resumed: 0 })
    },
  )

  test('takes nothing from the proof of the first, where both were given one bundle', async () => {
    const { exporter, bundle } = world()
    const evidence = bundle(freshFolder())
    class Changed extends FileJournal {
      override async close() {
        await super.close()
        writeFileSync(this.path, readFileSync(this.path, 'utf8').replace('"time":"2023', '"time":"2022'))
      }
    }
    let other: Promise<unknown> | undefined
    const changed = exporter.run(request, {
      journal: new Changed(freshFolder('journal')),
      evidence,
      onEvent: () => {
        other ??= codeOf(exporter.run(request, { journal: new MemoryJournal(), evidence }))
      },
    })
    await expect(changed).rejects.toMatchObject({ code: 'EVIDENCE_NOT_SEALED', cause: { code: 'JOURNAL_CORRUPT' } })
    await other
  })

  test('leaves a sink of somebody else alone that hands the run its journal back', async () => {
    const { exporter } = world()
    const journal = new MemoryJournal()
    const sink = { hashContent: 'none' as const, open: async () => journal, seal: async () => ({}) as never }
    expect(await exporter.run(request, { journal, evidence: sink })).toMatchObject({ outcome: 'complete' })
  })
})

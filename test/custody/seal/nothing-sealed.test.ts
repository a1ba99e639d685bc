import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { LegalHoldExporter, MemoryJournal } from '#src/index.js'
import { evidenceBundle, FileJournal, verifyEvidence } from '#src/node.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { cli } from '../../cli/run-cli.js'
import { FakePlatform } from '../../fakes/platform.js'
import { freshFolder, newKey, request, tag } from '../bundle-world.js'

function blockedWorld() {
  const clock = new SimulatedClock()
  const storage = new MemoryStorageAdapter({ clock })
  // Another region than the one that is asked for: a blocker.
  return new LegalHoldExporter({
    platform: new FakePlatform(),
    storage,
    clock,
    hold: { tag },
    residency: { regions: ['ap-south-9'] },
  })
}

describe('a run that ends before it is sealed', () => {
  test('leaves no empty folder of evidence', async () => {
    const dir = freshFolder()
    const evidence = evidenceBundle({ dir, signer: newKey().signer })
    const journal = new FileJournal(freshFolder('journal'))
    await expect(blockedWorld().run(request, { journal, evidence })).rejects.toMatchObject({
      code: 'PREFLIGHT_BLOCKED',
    })
    expect(existsSync(dir)).toBe(false)
  })

  test('leaves a folder that was there before', async () => {
    const dir = freshFolder()
    mkdirSync(dir)
    const evidence = evidenceBundle({ dir, signer: newKey().signer })
    await expect(blockedWorld().run(request, { journal: new MemoryJournal(), evidence })).rejects.toThrow()
    expect(existsSync(dir)).toBe(true)
  })
})

describe('verify of a folder in which nothing was sealed', () => {
  test.each([
    ['an empty one', []],
    ['one that holds something else', ['journal.jsonl', 'notes.txt']],
  ])('says so, and not that it does not verify: %s', async (_, names) => {
    const dir = freshFolder()
    mkdirSync(dir)
    for (const name of names) writeFileSync(join(dir, name), 'x')
    await expect(verifyEvidence(dir)).rejects.toMatchObject({
      code: 'EVIDENCE_UNREADABLE',
      message: expect.stringContaining(`Nothing was sealed in ${dir}.`),
    })
    const { code, out, err } = await cli(['verify', dir])
    expect([code, out]).toEqual([1, ''])
    expect(err).toContain('Nothing was sealed in')
  })

  test('names the folder, however it was given', async () => {
    const dir = freshFolder()
    mkdirSync(dir)
    await expect(verifyEvidence(relative('.', dir))).rejects.toThrow(`Nothing was sealed in ${dir}.`)
  })

  test('is told from a bundle without its statement', async () => {
    const dir = freshFolder()
    mkdirSync(dirname(join(dir, 'x')), { recursive: true })
    writeFileSync(join(dir, 'records.jsonl'), '')
    expect(await verifyEvidence(dir)).toMatchObject({ status: 'does-not-verify' })
  })
})

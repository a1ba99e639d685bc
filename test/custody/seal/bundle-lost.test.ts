import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
} from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { LegalHoldExporter, MemoryJournal, type Signer } from '#src/index.js'
import { sealEvidence, verifyEvidence } from '#src/node.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { FakePlatform } from '../../fakes/platform.js'
import { freshFolder, newKey, request, tag } from '../bundle-world.js'

afterEach(() => vi.restoreAllMocks())

/** The journal of a finished run. */
async function finishedJournal(): Promise<MemoryJournal> {
  const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
  const platform = new FakePlatform()
  for (const recordingId of ['r1', 'r2', 'r3']) platform.expected.push({ recordingId, conversationId: 'c1' })
  const storage = new MemoryStorageAdapter({ clock })
  const journal = new MemoryJournal()
  await new LegalHoldExporter({ platform, storage, clock, hold: { tag } }).run(request, { journal })
  return journal
}

const growing = ['records.jsonl', 'records.leaves', 'exceptions.csv'] as const
const whole = ['report.json', 'report.html', 'VERIFY.md', 'public-key.pem'] as const

const damages: Readonly<Record<string, (path: string) => void>> = {
  deleted: (path) => rmSync(path),
  'moved away': (path) => renameSync(path, `${path}.old`),
  'replaced by a shorter copy': (path) => {
    copyFileSync(path, `${path}.copy`)
    truncateSync(`${path}.copy`, 10)
    renameSync(`${path}.copy`, path)
  },
  'replaced by a link to a copy': (path) => {
    renameSync(path, `${path}.old`)
    symlinkSync(`${path}.old`, path)
  },
  'replaced by a folder': (path) => {
    rmSync(path)
    mkdirSync(path)
  },
  truncated: (path) => truncateSync(path, 0),
  'appended to': (path) => appendFileSync(path, '\n'),
}

describe('while a bundle is written', () => {
  const cases = [...growing, ...whole].flatMap((name) => Object.keys(damages).map((what) => [name, what] as const))

  test.each(cases)('%s is %s: nothing is sealed, and the same journal is sealed afterwards', async (name, what) => {
    const journal = await finishedJournal()
    const dir = freshFolder()
    const key = newKey()
    const signer: Signer = {
      publicKey: () => key.signer.publicKey(),
      // All other files are written by then.
      sign: (bytes) => {
        damages[what]?.(join(dir, name))
        return key.signer.sign(bytes)
      },
    }
    await expect(sealEvidence(journal, { dir, signer })).rejects.toMatchObject({
      code: 'EVIDENCE_NOT_SEALED',
      message: expect.stringContaining(name),
    })
    expect(readdirSync(dir).filter((file) => file.includes('statement'))).toEqual([])
    if (what === 'replaced by a folder') rmSync(join(dir, name), { recursive: true })
    await sealEvidence(journal, { dir, signer: key.signer })
    expect((await verifyEvidence(dir, { publicKey: key.publicKey })).problems).toEqual([])
  })

  test('its folder is deleted: nothing is sealed', async () => {
    const journal = await finishedJournal()
    const dir = freshFolder()
    const key = newKey()
    const signer: Signer = {
      publicKey: () => key.signer.publicKey(),
      sign: (bytes) => {
        rmSync(dir, { recursive: true })
        return key.signer.sign(bytes)
      },
    }
    await expect(sealEvidence(journal, { dir, signer })).rejects.toMatchObject({ code: 'EVIDENCE_NOT_SEALED' })
    expect(existsSync(dir)).toBe(false)
  })

  test('a disk that takes a few bytes at a time gets them all', async () => {
    const journal = await finishedJournal()
    const dir = freshFolder()
    const key = newKey()
    const handles = await prototypeOfHandles(dir)
    const { write } = handles
    const short = vi.spyOn(handles, 'write').mockImplementation(function (this: FileHandle, ...given: unknown[]) {
      const [bytes, from, length, at] = given as [Uint8Array, number, number, number]
      return Reflect.apply(write, this, [bytes, from, Math.min(length, 1_000), at])
    } as never)
    await sealEvidence(journal, { dir, signer: key.signer })
    expect(short.mock.calls.length).toBeGreaterThan(3)
    expect((await verifyEvidence(dir, { publicKey: key.publicKey })).problems).toEqual([])
  })

  test.each([
    ['takes nothing', async () => ({ bytesWritten: 0 })],
    ['is full', () => Promise.reject(Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' }))],
    ['is over its quota', () => Promise.reject(Object.assign(new Error('EDQUOT: quota'), { code: 'EDQUOT' }))],
    ['fails', () => Promise.reject(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }))],
  ])('a disk that %s is EVIDENCE_NOT_SEALED, and leaves no half bundle', async (_, write) => {
    const journal = await finishedJournal()
    const dir = freshFolder()
    const handles = await prototypeOfHandles(dir)
    vi.spyOn(handles, 'write').mockImplementation(write as never)
    await expect(sealEvidence(journal, { dir, signer: newKey().signer })).rejects.toMatchObject({
      code: 'EVIDENCE_NOT_SEALED',
    })
    expect(readdirSync(dir)).toEqual([])
  })
})

async function prototypeOfHandles(dir: string): Promise<FileHandle> {
  mkdirSync(dir)
  const file = await open(dir, 'r')
  await file.close()
  return Object.getPrototypeOf(file)
}

import {
  appendFileSync,
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { type JournalRecord, LegalHoldError, LegalHoldExporter } from '#src/index.js'
import { FileJournal } from '#src/node.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { FakePlatform } from '../../fakes/platform.js'
import { folder, request, tag } from '../bundle-world.js'

const root = mkdtempSync(join(tmpdir(), 'journal-lost-'))
afterAll(() => rmSync(root, { recursive: true }))
afterEach(() => vi.restoreAllMocks())
/** What all open files have their methods from. */
const handles: FileHandle = await open(root, 'r').then(async (file) => {
  await file.close()
  return Object.getPrototypeOf(file)
})
let directories = 0
const fresh = () => {
  directories += 1
  return join(root, String(directories))
}

/** What another program does to a journal that is being written. */
const damages: Readonly<Record<string, { readonly act: (directory: string) => void; readonly says: RegExp }>> = {
  'its folder is deleted': { act: (dir) => rmSync(dir, { recursive: true }), says: /was deleted or moved/ },
  'its folder is moved away': { act: (dir) => renameSync(dir, `${dir}-moved`), says: /was deleted or moved/ },
  'its folder is replaced by a copy': {
    act: (dir) => {
      renameSync(dir, `${dir}-moved`)
      cpSync(`${dir}-moved`, dir, { recursive: true })
    },
    says: /was replaced by another file/,
  },
  'its folder is replaced by a file': {
    act: (dir) => {
      renameSync(dir, `${dir}-moved`)
      writeFileSync(dir, '')
    },
    says: /was deleted or moved/,
  },
  'its file is deleted': { act: (dir) => rmSync(join(dir, 'records.jsonl')), says: /was deleted or moved/ },
  'its file is moved away': {
    act: (dir) => renameSync(join(dir, 'records.jsonl'), join(dir, 'records.old')),
    says: /was deleted or moved/,
  },
  'its file is replaced by a copy': {
    act: (dir) => {
      copyFileSync(join(dir, 'records.jsonl'), join(dir, 'copy'))
      renameSync(join(dir, 'copy'), join(dir, 'records.jsonl'))
    },
    says: /was replaced by another file/,
  },
  'its file is replaced by a link to a copy': {
    act: (dir) => {
      renameSync(join(dir, 'records.jsonl'), join(dir, 'records.old'))
      copyFileSync(join(dir, 'records.old'), join(dir, 'copy'))
      symlinkSync(join(dir, 'copy'), join(dir, 'records.jsonl'))
    },
    says: /was replaced by another file/,
  },
  'its file is truncated to nothing': { act: (dir) => truncateSync(join(dir, 'records.jsonl'), 0), says: /0 bytes/ },
  'its file is truncated in the middle of a line': {
    act: (dir) => truncateSync(join(dir, 'records.jsonl'), 700),
    says: /is 700 bytes long, but \d+ were written/,
  },
  'a line is appended to it': { act: (dir) => appendFileSync(join(dir, 'records.jsonl'), 'garbage\n'), says: /bytes/ },
  'half a line is appended to it': {
    act: (dir) => appendFileSync(join(dir, 'records.jsonl'), '{"sequence":'),
    says: /bytes long/,
  },
  'a byte is appended to it through a hard link': {
    act: (dir) => {
      linkSync(join(dir, 'records.jsonl'), join(dir, 'other-name'))
      appendFileSync(join(dir, 'other-name'), 'x')
    },
    says: /bytes long/,
  },
  'its last bytes are written over': {
    act: (dir) => {
      const path = join(dir, 'records.jsonl')
      const { length } = readFileSync(path)
      const file = openSync(path, 'r+')
      writeSync(file, 'zzzz', length - 10)
    },
    says: /ends in other bytes than were written/,
  },
  'its lock is removed': { act: (dir) => rmSync(join(dir, 'journal.lock')), says: /lock .* was removed/ },
}

/** A run over so many recordings without the hold; `damage` is done when so many were repaired. */
async function damagedRun(directory: string, damage: () => void, after: number) {
  const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
  const platform = new FakePlatform()
  const storage = new MemoryStorageAdapter({ clock })
  clock.advance(10_000)
  for (let id = 0; id < 40; id += 1) {
    const conversationId = `c${id}`
    platform.expected.push({ recordingId: `r${id}`, conversationId, conversationStart: '2023-10-20T09:30:00Z' })
    storage.put(`${dirname(folder)}/conversation_id=${conversationId}/r${id}.json`, { body: `recording ${id}` })
    storage.put(`${dirname(folder)}/conversation_id=${conversationId}/r${id}.json_metadata.json`, { body: '{}' })
  }
  const exporter = new LegalHoldExporter({
    platform,
    storage,
    clock,
    hold: { tag },
    concurrency: { objects: 4 },
  })
  let repaired = 0
  const run = (onRepair: () => void) =>
    exporter.run(request, {
      journal: new FileJournal(directory),
      onEvent: ({ type }) => {
        if (type !== 'remediation') return
        repaired += 1
        onRepair()
      },
    })
  const result = await run(() => {
    if (repaired === after) damage()
  }).then(
    ({ outcome }) => outcome,
    (error: unknown) => error,
  )
  const changed: string[] = []
  const held: string[] = []
  for await (const { key } of storage.list('')) {
    const answer = await storage.head({ bucket: storage.bucket, key })
    if (!answer.found || answer.state.metadata['legal-hold-tag'] !== tag) continue
    changed.push(key)
  }
  const again = () =>
    run(() => {}).then(
      async ({ outcome }) => {
        for await (const { key } of storage.list('')) {
          const answer = await storage.head({ bucket: storage.bucket, key })
          if (answer.found && answer.state.metadata['legal-hold-tag'] === tag) held.push(key)
        }
        return outcome
      },
      (error: unknown) => (LegalHoldError.isInstance(error) ? error.code : String(error)),
    )
  return { result, changed, again, held }
}

function intentsIn(text: string): Set<string> {
  const records = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JournalRecord)
  return new Set(
    records.filter(({ type }) => type === 'intent').map(({ data }) => (data.object as { key: string }).key),
  )
}

describe.each(Object.entries(damages))('while a run writes its journal, %s', (name, { act, says }) => {
  test.each([1, 17])('and the run stops before the next change (after %i repairs)', async (after) => {
    const directory = fresh()
    let written = ''
    const { result, changed, again, held } = await damagedRun(
      directory,
      () => {
        written = readFileSync(join(directory, 'records.jsonl'), 'utf8')
        act(directory)
      },
      after,
    )
    expect(result).toMatchObject({ code: 'JOURNAL_UNWRITABLE', stage: 'journal', message: expect.stringMatching(says) })
    // Everything that was changed had been on record before the damage was done.
    const intents = intentsIn(written)
    expect(changed.filter((key) => !intents.has(key))).toEqual([])
    expect(changed.length).toBeGreaterThan(0)
    expect(changed.length).toBeLessThan(80)
    // What remains leads to the end, or is refused as no journal: it is never taken for a finished run.
    if (name.includes('replaced by a file')) rmSync(directory)
    const outcome = await again()
    if (outcome === 'complete') expect(held).toHaveLength(80)
    else expect(outcome).toBe('JOURNAL_CORRUPT')
  })
})

test('docs/faults.md says of each what becomes of the journal', () => {
  const text = readFileSync(new URL('../../../docs/faults.md', import.meta.url), 'utf8')
  const table = text.slice(text.indexOf('## Journal'))
  const rows = [...table.matchAll(/^\| (.+?) \| .+ \|$/gm)].map(([, what]) => what)
  expect(rows).toEqual(['while a run writes its journal', ...Object.keys(damages)])
})

describe('a journal that is being written', () => {
  const record = (n: number, type: JournalRecord['type'] = 'intent') => ({
    time: '2023-10-20T12:00:00.000Z',
    runId: 'run',
    type,
    data: { n, pad: 'x'.repeat(300) },
  })

  async function failure(work: Promise<unknown>): Promise<LegalHoldError> {
    const error = await work.then(
      () => new Error('it did not fail'),
      (thrown: unknown) => thrown,
    )
    if (!LegalHoldError.isInstance(error)) throw error
    return error
  }

  test.each(Object.entries(damages))('is looked at when it is closed: %s', async (_, { act, says }) => {
    const journal = new FileJournal(fresh())
    for (let n = 0; n < 5; n += 1) await journal.append(record(n))
    act(journal.directory)
    expect(await failure(journal.close())).toMatchObject({
      code: 'JOURNAL_UNWRITABLE',
      message: expect.stringMatching(says),
    })
  })

  test('is compared as a whole when it is closed', async () => {
    const journal = new FileJournal(fresh())
    for (let n = 0; n < 50; n += 1) await journal.append(record(n), { buffered: true })
    await journal.flush()
    const file = openSync(journal.path, 'r+')
    writeSync(file, '9', 150)
    expect(await failure(journal.close())).toMatchObject({
      code: 'JOURNAL_UNWRITABLE',
      message: expect.stringContaining('holds other bytes than were written'),
    })
  })

  test('that was there before is compared with what was read at its opening', async () => {
    const directory = fresh()
    const first = new FileJournal(directory)
    for (let n = 0; n < 50; n += 1) await first.append(record(n), { buffered: true })
    await first.close()
    const journal = new FileJournal(directory)
    await journal.append(record(50))
    const file = openSync(journal.path, 'r+')
    writeSync(file, '9', 150)
    expect(await failure(journal.close())).toMatchObject({ code: 'JOURNAL_UNWRITABLE' })
  })

  test('leaves what another program made of it as it is', async () => {
    for (const act of [(path: string) => truncateSync(path, 0), (path: string) => appendFileSync(path, 'theirs')]) {
      const journal = new FileJournal(fresh())
      await journal.append(record(1))
      act(journal.path)
      const theirs = readFileSync(journal.path, 'utf8')
      expect(await failure(journal.append(record(2)))).toMatchObject({ code: 'JOURNAL_UNWRITABLE' })
      expect(await failure(journal.append(record(3)))).toMatchObject({ code: 'JOURNAL_UNWRITABLE' })
      await journal.close().catch(() => {})
      expect(readFileSync(journal.path, 'utf8')).toBe(theirs)
    }
  })

  test('whose lock another process took over stops, and names that process', async () => {
    const journal = new FileJournal(fresh())
    await journal.append(record(1))
    const owner = { pid: 4242, host: hostname(), takenAt: '2023-10-20T12:00:00Z', nonce: 'theirs' }
    const lock = join(journal.directory, 'journal.lock')
    rmSync(lock)
    writeFileSync(lock, JSON.stringify(owner))
    expect(await failure(journal.append(record(2)))).toMatchObject({
      code: 'JOURNAL_LOCKED',
      stage: 'journal',
      details: { owner: { pid: 4242 } },
    })
    await journal.close().catch(() => {})
    // Theirs, so it stays; and nothing of this process was added or taken away.
    expect(readFileSync(lock, 'utf8')).toBe(JSON.stringify(owner))
    expect(intentsOf(readFileSync(journal.path, 'utf8'))).toEqual([1])
  })

  test('of two that write it, since its lock was removed, the first stops and the second goes on', async () => {
    const directory = fresh()
    const [one, other] = [new FileJournal(directory), new FileJournal(directory)]
    await one.append(record(1))
    rmSync(join(directory, 'journal.lock'))
    await other.append(record(2))
    expect(await failure(one.append(record(3)))).toMatchObject({ stage: 'journal' })
    await failure(one.close())
    await other.append(record(3))
    await other.close()
    expect(intentsOf(readFileSync(other.path, 'utf8'))).toEqual([1, 2, 3])
  })

  test('does not mind that its files are touched', async () => {
    const journal = new FileJournal(fresh())
    await journal.append(record(1))
    for (const name of ['records.jsonl', 'journal.lock']) utimesSync(join(journal.directory, name), 1, 1)
    await journal.append(record(2))
    await journal.close()
    expect(intentsOf(readFileSync(journal.path, 'utf8'))).toEqual([1, 2])
  })

  test('does not mind that the working directory changes', async () => {
    const cwd = process.cwd()
    mkdirSync(fresh())
    process.chdir(root)
    try {
      const journal = new FileJournal('relative')
      await journal.append(record(1))
      process.chdir(cwd)
      await journal.append(record(2))
      await journal.close()
      expect(existsSync(join(root, 'relative', 'journal.lock'))).toBe(false)
      expect(intentsOf(readFileSync(join(root, 'relative', 'records.jsonl'), 'utf8'))).toEqual([1, 2])
    } finally {
      process.chdir(cwd)
    }
  })

  test.each([
    ['appendFile', 'ENOSPC'],
    ['appendFile', 'EDQUOT'],
    ['appendFile', 'EIO'],
    ['appendFile', 'EROFS'],
    ['datasync', 'EIO'],
    ['datasync', 'EDQUOT'],
  ] as const)('is given up when its %s says %s, and read again as far as it was acknowledged', async (call, code) => {
    const journal = new FileJournal(fresh())
    for (let n = 0; n < 3; n += 1) await journal.append(record(n))
    const refusal = vi
      .spyOn(handles, call)
      .mockRejectedValueOnce(Object.assign(new Error(`${code}: refused`), { code }))
    expect(await failure(journal.append(record(3)))).toMatchObject({
      code: 'JOURNAL_UNWRITABLE',
      message: expect.stringContaining(code),
    })
    // The disk takes it again, and what the failed write or sync left behind is unknown.
    expect(await failure(journal.append(record(4)))).toMatchObject({ code: 'JOURNAL_UNWRITABLE' })
    expect(refusal).toHaveBeenCalledTimes(1)
    expect(await failure(journal.close())).toMatchObject({ code: 'JOURNAL_UNWRITABLE' })
    expect(readdirSync(journal.directory)).toEqual(['records.jsonl'])
    const again = new FileJournal(journal.directory)
    expect((await again.open()).records).toBe(3)
    await again.close()
  })

  test.each(['EIO', 'EDQUOT'])('that cannot be closed for %s is JOURNAL_UNWRITABLE, and not locked', async (code) => {
    const journal = new FileJournal(fresh())
    const { appendFile } = handles
    vi.spyOn(handles, 'appendFile').mockImplementation(async function (this: FileHandle, ...bytes) {
      const { close } = this
      this.close = async () => {
        await close()
        throw Object.assign(new Error(`${code}: refused`), { code })
      }
      await appendFile.apply(this, bytes)
    })
    await journal.append(record(1))
    expect(await failure(journal.close())).toMatchObject({ code: 'JOURNAL_UNWRITABLE' })
    expect(readdirSync(journal.directory)).toEqual(['records.jsonl'])
  })

  test('whose folder was moved away and back is opened again by the same process', async () => {
    const journal = new FileJournal(fresh())
    await journal.append(record(1))
    renameSync(journal.directory, `${journal.directory}-moved`)
    await failure(journal.append(record(2)))
    await failure(journal.close())
    renameSync(`${journal.directory}-moved`, journal.directory)
    expect((await journal.append(record(2))).sequence).toBe(2)
    await journal.close()
  })
})

test.runIf(existsSync('/proc/self/fd'))(
  'a new journal is there after a crash: each directory that got an entry is synced, its file before the first record',
  async () => {
    const directory = join(fresh(), 'a', 'b')
    const synced: string[] = []
    const { sync } = handles
    const spy = vi.spyOn(handles, 'sync').mockImplementation(async function (this: FileHandle) {
      synced.push(readlinkSync(`/proc/self/fd/${this.fd}`))
      await sync.call(this)
    })
    const journal = new FileJournal(directory)
    await journal.open()
    spy.mockRestore()
    await journal.close()
    const top = dirname(dirname(dirname(directory)))
    expect(synced).toEqual(
      expect.arrayContaining([top, dirname(dirname(directory)), dirname(directory), directory, journal.path]),
    )
    // The name of the file is durable only after the file was made.
    expect(synced.at(-1)).toBe(directory)
  },
)

function intentsOf(text: string): unknown[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).data.n)
}

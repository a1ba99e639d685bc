import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { type JournalRecord, LegalHoldError } from '#src/index.js'
import { FileJournal } from '#src/node.js'

const root = mkdtempSync(join(tmpdir(), 'file-journal-'))
let directories = 0
const fresh = () => {
  directories += 1
  return join(root, String(directories))
}
afterAll(() => rmSync(root, { recursive: true }))

type NewRecord = Omit<JournalRecord, 'sequence'>

const entry = (data: Record<string, unknown>): NewRecord => ({
  time: '2023-10-20T12:00:00.000Z',
  runId: 'run',
  type: 'verdict',
  data,
})

async function read(journal: FileJournal): Promise<JournalRecord[]> {
  const records: JournalRecord[] = []
  for await (const record of journal.entries()) records.push(record)
  return records
}

async function failure(work: Promise<unknown>): Promise<LegalHoldError> {
  const error = await work.then(
    () => new Error('it did not fail'),
    (thrown: unknown) => thrown,
  )
  if (!LegalHoldError.isInstance(error)) throw error
  return error
}

/** A journal with three records, closed. */
async function written(directory: string): Promise<string> {
  const journal = new FileJournal(directory)
  await journal.append(entry({ key: 'größe\n"1"' }))
  await journal.append({ ...entry({ key: '2' }), type: 'intent' })
  await journal.append(entry({ key: '3', nested: { list: [1, null, true] } }))
  await journal.close()
  return journal.path
}

describe('a journal in a directory', () => {
  test('gives back what was appended, in its order and without gaps, however it was appended and reopened', async () => {
    const data = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue(), { maxKeys: 3 })
    const session = fc.array(fc.record({ data, buffered: fc.boolean() }), { maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(fc.array(session, { maxLength: 4 }), async (sessions) => {
        const directory = fresh()
        const expected: unknown[] = []
        for (const appends of sessions) {
          const journal = new FileJournal(directory)
          const taken = await Promise.all(
            appends.map(({ data, buffered }) => journal.append(entry(data), { buffered })),
          )
          expect(taken.map(({ sequence }) => sequence)).toEqual(appends.map((_, at) => expected.length + at + 1))
          for (const { data } of appends) expected.push(JSON.parse(JSON.stringify(data)))
          expect((await journal.head())?.sequence).toBe(expected.length === 0 ? undefined : expected.length)
          if (appends.length > 0) expect((await read(journal)).map(({ data }) => data)).toEqual(expected)
          await journal.close()
        }
        const records = await read(new FileJournal(directory))
        expect(records.map(({ data }) => data)).toEqual(expected)
        expect(records.map(({ sequence }) => sequence)).toEqual(expected.map((_, at) => at + 1))
      }),
      { numRuns: 60 },
    )
  })

  test('takes the data at once: what its author does with it later changes nothing', async () => {
    const journal = new FileJournal(fresh())
    const data = { state: 'before' }
    const appending = journal.append(entry(data))
    data.state = 'after'
    await appending
    expect((await read(journal))[0]?.data).toEqual({ state: 'before' })
    await journal.close()
  })

  test('has on the disk what it said was durable', async () => {
    const journal = new FileJournal(fresh(), { flushIntervalMs: 1_000_000 })
    await journal.append(entry({ n: 1 }), { buffered: true })
    expect(readFileSync(journal.path, 'utf8')).toBe('')
    await journal.append(entry({ n: 2 }))
    expect(readFileSync(journal.path, 'utf8').trimEnd().split('\n')).toHaveLength(2)
    await journal.append(entry({ n: 3 }), { buffered: true })
    await journal.close()
    expect(readFileSync(journal.path, 'utf8').trimEnd().split('\n')).toHaveLength(3)
  })

  test('writes buffered records soon, without being asked', async () => {
    const journal = new FileJournal(fresh(), { flushIntervalMs: 1 })
    await journal.append(entry({ n: 1 }), { buffered: true })
    await expect.poll(() => readFileSync(journal.path, 'utf8')).toContain('"n":1')
    await journal.close()
  })

  test('may be closed twice, and opens again with the next record', async () => {
    const journal = new FileJournal(fresh())
    await journal.close()
    await journal.append(entry({}))
    await Promise.all([journal.close(), journal.close()])
    expect((await journal.append(entry({}))).sequence).toBe(2)
    await journal.close()
    expect(existsSync(join(journal.directory, 'journal.lock'))).toBe(false)
  })

  test('is empty where there is none, and creates nothing by being read', async () => {
    const journal = new FileJournal(fresh())
    expect(await read(journal)).toEqual([])
    expect(await journal.head()).toBeUndefined()
    expect(existsSync(journal.directory)).toBe(false)
  })
})

describe('after a crash', () => {
  test('a last line that was torn at any byte is cut off, and the next record takes its place', async () => {
    const whole = readFileSync(await written(fresh()))
    const ends = [...whole.entries()].filter(([, byte]) => byte === 0x0a).map(([at]) => at + 1)
    for (let bytes = 0; bytes <= whole.length; bytes += 1) {
      const directory = fresh()
      const path = await written(directory)
      truncateSync(path, bytes)
      const complete = ends.filter((end) => end <= bytes)
      const untouched = new FileJournal(directory)
      expect(await read(untouched)).toHaveLength(complete.length)
      const journal = new FileJournal(directory)
      expect(await journal.open()).toEqual({ records: complete.length, tornBytes: bytes - (complete.at(-1) ?? 0) })
      expect((await journal.append(entry({ after: 'crash' }))).sequence).toBe(complete.length + 1)
      await journal.close()
      // What was there before is there still, byte for byte.
      expect(readFileSync(path).subarray(0, complete.at(-1) ?? 0)).toEqual(whole.subarray(0, complete.at(-1) ?? 0))
      expect(await read(journal)).toHaveLength(complete.length + 1)
    }
  })

  test('a tail of zeros, as a power failure leaves it, is cut off like a torn line', async () => {
    const directory = fresh()
    const path = await written(directory)
    writeFileSync(path, Buffer.alloc(5_000), { flag: 'a' })
    const journal = new FileJournal(directory)
    expect(await journal.open()).toEqual({ records: 3, tornBytes: 5_000 })
    await journal.close()
  })

  test.each([
    ['a line of text', 2, (lines: string[]) => lines.splice(1, 0, 'hello')],
    ['an empty line', 1, (lines: string[]) => lines.splice(0, 0, '')],
    ['a line that is missing', 2, (lines: string[]) => lines.splice(1, 1)],
    ['lines that were swapped', 2, (lines: string[]) => lines.splice(1, 2, lines[2] as string, lines[1] as string)],
    ['a line that is there twice', 3, (lines: string[]) => lines.splice(1, 0, lines[1] as string)],
    ['JSON that is no record', 3, (lines: string[]) => lines.splice(2, 1, '{"sequence":3}')],
    ['a torn line in the middle', 1, (lines: string[]) => lines.splice(0, 1, lines[0]?.slice(0, 40) as string)],
    ['a time that is none', 2, (lines: string[]) => lines.splice(1, 1, lines[1]?.replace(/2023/, 'then') as string)],
  ])('%s is named by its number, and nothing is touched', async (_, line, change) => {
    const directory = fresh()
    const path = await written(directory)
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
    change(lines)
    writeFileSync(path, `${lines.join('\n')}\n`)
    const before = readFileSync(path)
    const expected = { code: 'JOURNAL_CORRUPT', stage: 'journal', details: { line } }
    expect(await failure(new FileJournal(directory).open())).toMatchObject(expected)
    expect(await failure(new FileJournal(directory).append(entry({})))).toMatchObject(expected)
    expect(await failure(read(new FileJournal(directory)))).toMatchObject(expected)
    expect(readFileSync(path)).toEqual(before)
    expect(existsSync(join(directory, 'journal.lock'))).toBe(false)
  })

  test('bytes that are no UTF-8 are named too', async () => {
    const directory = fresh()
    const path = await written(directory)
    const bytes = readFileSync(path)
    bytes[bytes.indexOf('ö')] = 0xff
    writeFileSync(path, bytes)
    expect(await failure(new FileJournal(directory).open())).toMatchObject({ details: { line: 1 } })
  })
})

describe('a disk that is full', () => {
  test('refuses the record and every one after it; with room again nothing acknowledged is lost', async () => {
    const directory = fresh()
    // The limit of a file's size fails writes as a full disk does: in the middle of a line.
    const { code, acknowledged, later } = await limitedTo(4, directory)
    expect(code).toBe('JOURNAL_UNWRITABLE')
    expect(later).toBe('JOURNAL_UNWRITABLE')
    expect(acknowledged).toBeGreaterThan(5)
    const journal = new FileJournal(directory)
    const { records, takenOverFrom } = await journal.open()
    expect(records).toBe(acknowledged)
    expect(takenOverFrom?.pid).toBeGreaterThan(0)
    expect((await journal.append(entry({}))).sequence).toBe(acknowledged + 1)
    await journal.close()
  })

  test('that is no directory is JOURNAL_UNWRITABLE', async () => {
    const path = fresh()
    writeFileSync(path, 'a file')
    expect(await failure(new FileJournal(path).open())).toMatchObject({ code: 'JOURNAL_UNWRITABLE' })
  })
})

function limitedTo(kibibytes: number, directory: string) {
  return new Promise<{ code: string; later: string; acknowledged: number }>((resolve, reject) => {
    const child = fileURLToPath(new URL('journal-child.ts', import.meta.url))
    const command = `ulimit -f ${kibibytes}; exec node --import tsx "$0" fill "$1"`
    execFile('bash', ['-c', command, child, directory], (error, out) =>
      error === null ? resolve(JSON.parse(out)) : reject(error),
    )
  })
}

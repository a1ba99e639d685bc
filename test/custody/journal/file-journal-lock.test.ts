import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { LegalHoldError } from '#src/index.js'
import { FileJournal, type JournalOpening } from '#src/node.js'

const root = mkdtempSync(join(tmpdir(), 'journal-lock-'))
let directories = 0
function fresh(): string {
  directories += 1
  const directory = join(root, String(directories))
  mkdirSync(directory)
  return directory
}
const children: ChildProcess[] = []
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(root, { recursive: true })
})

const isLinux = existsSync('/proc/self/stat')
const own = () => ({ pid: process.pid, host: hostname(), takenAt: '2023-10-20T12:00:00Z', nonce: 'old' })

function leave(directory: string, owner: object): void {
  writeFileSync(join(directory, 'journal.lock'), JSON.stringify(owner))
}

async function failure(work: Promise<unknown>): Promise<LegalHoldError> {
  const error = await work.then(
    () => new Error('it did not fail'),
    (thrown: unknown) => thrown,
  )
  if (!LegalHoldError.isInstance(error)) throw error
  return error
}

interface Opener {
  readonly child: ChildProcess
  /** What opening came to: an opening, or the code of a failure. */
  readonly result: JournalOpening | string
}

/** Opens the journal in another process, which holds it until it is ended. */
async function openElsewhere(directory: string): Promise<Opener> {
  const script = fileURLToPath(new URL('journal-child.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', script, 'hold', directory], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  children.push(child)
  const [line] = await once(child.stdout, 'data')
  return { child, result: JSON.parse(String(line)) }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const ended = once(child, 'exit')
  child.kill(signal)
  await ended
}

describe('the lock of a journal', () => {
  test('refuses a second process while the first lives, and is taken over when it was killed', async () => {
    const directory = fresh()
    const first = await openElsewhere(directory)
    expect(first.result).toMatchObject({ opened: true })
    const error = await failure(new FileJournal(directory).open())
    expect(error).toMatchObject({ code: 'JOURNAL_LOCKED', details: { owner: { pid: first.child.pid } } })
    expect(error.message).toContain(`process ${first.child.pid}`)
    await end(first.child, 'SIGKILL')
    const journal = new FileJournal(directory)
    expect((await journal.open()).takenOverFrom).toMatchObject({ pid: first.child.pid, host: hostname() })
    await journal.close()
    expect(readdirSync(directory)).toEqual(['records.jsonl'])
  })

  test('is won by exactly one of the processes that open at once, with a dead lock there or without', async () => {
    for (const dead of [false, true]) {
      const directory = fresh()
      if (dead) leave(directory, { ...own(), pid: 2 ** 22 + 1 })
      const openers = await Promise.all(Array.from({ length: 4 }, () => openElsewhere(directory)))
      const refused = openers.filter(({ result }) => result === 'JOURNAL_LOCKED')
      expect(refused).toHaveLength(3)
      await Promise.all(openers.map(({ child }) => end(child, 'SIGKILL')))
    }
  })

  test('is won by exactly one of many in one process, time and again', async () => {
    for (let round = 0; round < 40; round += 1) {
      const directory = fresh()
      if (round % 2 === 0) leave(directory, { ...own(), pid: 2 ** 22 + 1, nonce: `dead-${round}` })
      const journals = Array.from({ length: 8 }, () => new FileJournal(directory))
      const results = await Promise.allSettled(journals.map((journal) => journal.open()))
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      for (const result of results) {
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'JOURNAL_LOCKED' })
      }
      await Promise.all(journals.map((journal) => journal.close()))
      expect(readdirSync(directory)).toEqual(['records.jsonl'])
    }
  })

  test('is free for the next one once it is closed', async () => {
    const directory = fresh()
    const first = new FileJournal(directory)
    await first.open()
    expect(await failure(new FileJournal(directory).open())).toMatchObject({
      code: 'JOURNAL_LOCKED',
      message: expect.stringContaining('this very process'),
    })
    await first.close()
    const second = new FileJournal(directory)
    expect((await second.open()).takenOverFrom).toBeUndefined()
    await second.close()
  })

  test('of another machine is never taken over, since nobody can see from here whether its process lives', async () => {
    const directory = fresh()
    leave(directory, { ...own(), pid: 2 ** 22 + 1, host: 'elsewhere' })
    expect(await failure(new FileJournal(directory).open())).toMatchObject({
      code: 'JOURNAL_LOCKED',
      message: expect.stringMatching(/elsewhere.*remove .*journal\.lock/),
    })
  })

  test.runIf(isLinux)(
    'is taken over where its process id was given out again, or the machine was started anew',
    async () => {
      const stat = readFileSync('/proc/self/stat', 'utf8')
      const processStart = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
      for (const dead of [{ processStart: '1' }, { processStart, boot: 'another boot' }]) {
        const directory = fresh()
        leave(directory, { ...own(), ...dead })
        const journal = new FileJournal(directory)
        expect((await journal.open()).takenOverFrom).toMatchObject({ pid: process.pid })
        await journal.close()
      }
      const directory = fresh()
      leave(directory, { ...own(), processStart })
      expect(await failure(new FileJournal(directory).open())).toMatchObject({ code: 'JOURNAL_LOCKED' })
    },
  )

  test('is taken over although the process that was about to take it over died as well', async () => {
    const directory = fresh()
    leave(directory, { ...own(), pid: 2 ** 22 + 1, nonce: 'first' })
    const guard = { ...own(), pid: 2 ** 22 + 2, nonce: 'second' }
    writeFileSync(join(directory, 'journal.lock.first'), JSON.stringify(guard))
    const journal = new FileJournal(directory)
    expect((await journal.open()).takenOverFrom).toMatchObject({ pid: 2 ** 22 + 1 })
    await journal.close()
    expect(readdirSync(directory)).toEqual(['records.jsonl'])
  })

  test('that is no lock of ours is left alone', async () => {
    const directory = fresh()
    writeFileSync(join(directory, 'journal.lock'), 'mine!')
    expect(await failure(new FileJournal(directory).open())).toMatchObject({ code: 'JOURNAL_LOCKED' })
    expect(readFileSync(join(directory, 'journal.lock'), 'utf8')).toBe('mine!')
  })
})

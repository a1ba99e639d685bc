import { randomUUID } from 'node:crypto'
import { type BigIntStats, readFileSync, statSync } from 'node:fs'
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { LegalHoldError } from '../../model/errors.js'

/** Who holds a lock. */
export interface LockOwner {
  readonly pid: number
  readonly host: string
  /** When the lock was taken, ISO 8601. */
  readonly takenAt: string
  /** Start of the process, where the system tells: a process id is given out again. */
  readonly processStart?: string | undefined
  /** The boot of the machine, where the system tells: after another one, every process of before is gone. */
  readonly boot?: string | undefined
  /** Tells this lock from every other. */
  readonly nonce: string
}

/** A lock that is held. */
export interface HeldLock {
  /** The dead process that it was taken over from. */
  readonly takenOverFrom?: LockOwner | undefined
  /**
   * Whether it is still there and ours: somebody who took it for a leftover may have removed it.
   *
   * @throws LegalHoldError `JOURNAL_LOCKED` if another process has it, `JOURNAL_UNWRITABLE` if nobody has
   */
  check(): void
  release(): Promise<void>
}

/** Begins the nonces of this copy of the library in this thread. */
const holder = randomUUID()
/** Nonces of the locks that it holds: one of its own that is not among them was lost, with its folder for instance. */
const heldNonces = new Set<string>()
let locksTaken = 0

/**
 * Takes a lock that is a file, for as long as this process lives or until it is released.
 *
 * The lock of a dead process is taken over. Of several processes that try this at once, exactly one may replace
 * the file. It is the one that holds a second lock, whose name is made from the dead lock's nonce. That second
 * lock works like this one and may be taken over likewise. Its holder checks once more before it replaces the
 * file, so that a slow process does not replace a newer lock.
 *
 * @throws LegalHoldError `JOURNAL_LOCKED`, with `details.owner`
 */
export async function takeLock(lockPath: string): Promise<HeldLock> {
  // A change of the working directory must not lead to another one.
  const path = resolve(lockPath)
  locksTaken += 1
  const nonce = `${holder}-${locksTaken}`
  const owner: LockOwner = {
    pid: process.pid,
    host: hostname(),
    takenAt: new Date().toISOString(),
    processStart: (await statOf(process.pid))?.start,
    boot: await bootId(),
    nonce,
  }
  const draft = `${path}.${nonce}.new`
  // Whole before it has its name: nobody ever reads half an owner.
  await writeFile(draft, `${JSON.stringify(owner)}\n`, { flag: 'wx', mode: 0o600 })
  try {
    heldNonces.add(nonce)
    const takenOverFrom = await take(path, draft)
    return { takenOverFrom, check: checkOf(path, nonce), release: () => release(path, nonce) }
  } catch (error) {
    heldNonces.delete(nonce)
    throw error
  } finally {
    await rm(draft, { force: true })
  }
}

/**
 * Who holds a lock now; `undefined` if nobody does, or where its process is dead. It takes and changes nothing.
 *
 * @throws LegalHoldError `JOURNAL_LOCKED` for a file that is not a lock of this library
 */
export async function lockOwner(lockPath: string): Promise<LockOwner | undefined> {
  const owner = readOwner(lockPath)
  return owner !== undefined && (await isAlive(owner)) ? owner : undefined
}

/** Reads the lock only if it is another file than before: a look at it costs a tenth of that. */
function checkOf(path: string, nonce: string): () => void {
  let seen: Mark | undefined
  return () => {
    const now = markOf(path)
    if (now !== undefined && seen !== undefined && isSame(now, seen)) return
    const owner = now === undefined ? undefined : readOwner(path)
    if (owner === undefined) throw removed(path)
    if (owner.nonce !== nonce) throw locked(path, owner)
    seen = now
  }
}

/** Tells a file from one that takes its place, which may get the same number. */
type Mark = Pick<BigIntStats, 'dev' | 'ino' | 'size' | 'mtimeNs'>

function markOf(path: string): Mark | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })
}

function isSame(one: Mark, other: Mark): boolean {
  return one.ino === other.ino && one.mtimeNs === other.mtimeNs && one.size === other.size && one.dev === other.dev
}

async function take(path: string, draft: string): Promise<LockOwner | undefined> {
  for (;;) {
    if (await linked(draft, path)) return undefined
    const present = readOwner(path)
    if (present === undefined) continue
    if (await isAlive(present)) throw locked(path, present)
    const guard = await takeLock(`${path}.${present.nonce}`)
    try {
      const now = readOwner(path)
      if (now?.nonce !== present.nonce) continue
      await rename(draft, path)
      return present
    } finally {
      await guard.release()
    }
  }
}

async function linked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function release(path: string, nonce: string): Promise<void> {
  heldNonces.delete(nonce)
  const owner = readOwner(path)
  if (owner?.nonce === nonce) await rm(path, { force: true })
}

function readOwner(path: string): LockOwner | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const owner = JSON.parse(text) as Partial<LockOwner>
    if (typeof owner.pid === 'number' && typeof owner.host === 'string' && typeof owner.nonce === 'string') {
      return owner as LockOwner
    }
  } catch {
    // Told below, as for anything else that is not a lock of ours.
  }
  throw new LegalHoldError(
    `${path} is not a lock of this library, so it is not known whether a process still writes this journal. Remove it when none does.`,
    { code: 'JOURNAL_LOCKED', stage: 'journal', details: { path } },
  )
}

/** When in doubt a process counts as alive: two writers would ruin the journal, a lock left behind only must be removed. */
async function isAlive(owner: LockOwner): Promise<boolean> {
  if (owner.nonce.startsWith(holder)) return heldNonces.has(owner.nonce)
  if (owner.host !== hostname()) return true
  const boot = await bootId()
  if (owner.boot !== undefined && boot !== undefined && owner.boot !== boot) return false
  if (!exists(owner.pid)) return false
  const stat = await statOf(owner.pid)
  // A zombie has ended; it waits for a parent that may never look.
  if (stat?.state === 'Z' || stat?.state === 'X') return false
  return owner.processStart === undefined || stat === undefined || owner.processStart === stat.start
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** State of a process, and the ticks between the boot and its start; Linux tells, other systems do not. */
async function statOf(pid: number): Promise<{ state: string | undefined; start: string | undefined } | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  if (stat === undefined) return undefined
  // The name of the program is in parentheses and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0], start: fields[19] }
}

async function bootId(): Promise<string | undefined> {
  const id = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => undefined)
  return id?.trim()
}

function removed(path: string): LegalHoldError {
  return new LegalHoldError(
    `The lock ${path} was removed while this process writes the journal, so that another one could write it as well. The run stops, ` +
      'since nothing is done that is not on record. Make sure that no other process uses this journal, and run again with it.',
    { code: 'JOURNAL_UNWRITABLE', stage: 'journal', details: { path } },
  )
}

function locked(path: string, owner: LockOwner): LegalHoldError {
  const where = owner.host === hostname() ? '' : ` on ${owner.host}`
  const who = owner.pid === process.pid && where === '' ? 'this very process' : `process ${owner.pid}${where}`
  const remedy =
    where === ''
      ? 'Wait until it is done, or use another journal.'
      : `From here it cannot be seen whether that process lives: if it does not, remove ${path}.`
  return new LegalHoldError(`The journal is being written by ${who} since ${owner.takenAt}. ${remedy}`, {
    code: 'JOURNAL_LOCKED',
    stage: 'journal',
    details: { path, owner: { pid: owner.pid, host: owner.host, takenAt: owner.takenAt } },
  })
}

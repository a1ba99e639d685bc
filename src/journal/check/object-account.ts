import { randomUUID } from 'node:crypto'
import { Column } from '../../internal/tables/column.js'
import { ExtensionBits } from '../../internal/tables/extension-bits.js'
import { FaultBook } from '../../internal/tables/fault-book.js'
import { IdIndex } from '../../internal/tables/id-index.js'
import { parseKey, roleOf } from '../../model/layout/keys.js'
import { type Fault, faults } from '../../model/verdict.js'
import { membersOf, quoted } from '../form/untrusted.js'
import type { JournalData, Untrusted } from '../records.js'

const bits = { media: 1, repaired: 2, companionRepaired: 4, settled: 8, perhapsMedia: 16, found: 32 } as const
const faultStates: readonly unknown[] = ['unrepaired', 'conflicting', 'unreadable']
// So many exceptions have their keys: `RecordingLedger` drops those of the others.
const detailedOwners = 1_000

/**
 * What the verdicts say of recordings and conversations, as rows of numbers; and whether what is said of a recording in
 * the end follows from that.
 */
export class ObjectAccount {
  /** A recording is one of its conversation: an id that two of them claim has a row for each. */
  readonly #recordings = new IdIndex()
  readonly #strays = new Map<string, Map<number, number>>()
  readonly #flags = Column.bytes()
  /** Its conversation, as its row + 1. */
  readonly #ownerOf = Column.words()
  /** Its files, and those that its sidecars describe, as bits of their extensions; of no file without a byte. */
  readonly #media = Column.words()
  readonly #described = Column.words()
  readonly #extensions = new ExtensionBits()
  readonly #conversations = new IdIndex()
  readonly #conversationFlags = Column.bytes()
  readonly #recordingFaults = new FaultBook()
  readonly #conversationFaults = new FaultBook()
  /** The worst faults, once recordings are being settled. */
  #worst: { readonly own: Uint8Array; readonly shared: Uint8Array } | undefined

  /**
   * A run that is resumed settles all of its recordings again. What it found before, a list that is read again may not name
   * any more.
   */
  unsettle(): void {
    this.#worst = undefined
    for (let row = 0; row < this.#recordings.size; row += 1) {
      this.#flags.set(row, this.#flags.get(row) & ~(bits.settled | bits.found))
    }
  }

  /** Names a recording that has a file but no final state. */
  report(): string | undefined {
    for (let row = 0; row < this.#recordings.size; row += 1) {
      if ((this.#flags.get(row) & (bits.found | bits.settled)) !== bits.found) continue
      return `is a report, and nothing is said of the recording ${quoted(this.#recordings.idAt(row))}, on which a verdict is`
    }
    return undefined
  }

  /** Takes the next verdict. */
  enter(data: Untrusted<JournalData['verdict']>): void {
    const { kind, recordingId, conversationId } = membersOf(data.place)
    const { key } = membersOf(data.object)
    if (typeof key !== 'string' || typeof conversationId !== 'string') return
    const owner = this.#conversations.add(conversationId)
    const isRepaired = data.outcome === 'repaired'
    const fault = faultOf(data.outcome)
    const word = { key, fault, reason: '', proven: isRepaired }
    this.#noteFile(key, owner, sizeOf(data))
    if (typeof recordingId === 'string' && (kind === 'recording' || kind === 'sidecar')) {
      const row = this.#rowOf(recordingId, owner, true)
      this.#recordingFaults.note(row, word)
      if (kind === 'recording') this.#markFound(recordingId, row)
      if (isRepaired) this.#mark(this.#flags, row, bits.repaired)
      // One that is not named by an id may have counted for the conversation until its recording was known.
      if (isRepaired) this.#mark(this.#conversationFlags, owner, bits.repaired)
      return
    }
    this.#conversationFaults.note(owner, word)
    if (isRepaired) this.#mark(this.#conversationFlags, owner, bits.repaired | bits.companionRepaired)
  }

  /** By its name alone: a file that is not named by an id is taken for an attachment until its sidecar lands. */
  #noteFile(key: string, owner: number, sizeBytes: unknown): void {
    const role = roleOf(parseKey(key)?.rest ?? '')
    if (role.role !== 'media' && role.role !== 'sidecar') return
    const { rest = '' } = parseKey(key) ?? {}
    const row = this.#rowOf(role.recordingId, owner, true)
    const name = role.role === 'media' ? rest : role.of
    const bit = this.#extensions.bitOf(name.slice(role.recordingId.length))
    const files = role.role === 'media' ? this.#media : this.#described
    const others = (files.get(row) & ~bit) >>> 0
    files.set(row, sizeBytes === 0 ? others : (others | bit) >>> 0)
    if (role.role === 'media') this.#mark(this.#flags, row, bits.perhapsMedia)
  }

  /** Takes the line of a recording; says why it does not follow from the verdicts. */
  settle({ state, recordingId, conversationId, key }: Untrusted<JournalData['recording']>): string | undefined {
    this.#worst ??= {
      own: this.#recordingFaults.worst(this.#recordings.size),
      shared: this.#conversationFaults.worst(this.#conversations.size),
    }
    if (typeof recordingId !== 'string' || typeof conversationId !== 'string') return undefined
    const first = this.#recordings.add(recordingId)
    const isSettled = (this.#flags.get(first) & bits.settled) !== 0
    if (isSettled) return `gives the recording ${recordingId} a state, which has one already`
    this.#mark(this.#flags, first, bits.settled)
    const owner = this.#conversations.find(conversationId)
    const row = owner < 0 ? -1 : this.#rowOf(recordingId, owner, false)
    const says = `says ${quoted(state)} of the recording ${quoted(recordingId)}, and`
    const contradiction =
      state === 'held' || state === 'repaired'
        ? this.#contradictionOfWell(row, owner, state)
        : this.#contradictionOfFault(conversationId, state, key)
    return contradiction === undefined ? undefined : `${says} ${contradiction}`
  }

  #contradictionOfWell(row: number, owner: number, state: 'held' | 'repaired'): string | undefined {
    const flags = row < 0 ? 0 : this.#flags.get(row)
    if ((flags & (bits.media | bits.perhapsMedia)) === 0) return 'no verdict on it is on record'
    if ((this.#media.get(row) & this.#described.get(row)) === 0) {
      return 'no verdicts on a file of it that is not empty and on its sidecar are on record'
    }
    const fault =
      this.#recordingFaults.shortcomingAt(row, this.#worst?.own[row] ?? 0) ??
      this.#conversationFaults.shortcomingAt(owner, this.#worst?.shared[owner] ?? 0)
    if (fault !== undefined) {
      return `the last verdict on one of its objects or companions says ${quoted(fault.fault)}`
    }
    const shared = this.#conversationFlags.get(owner)
    const isRepaired = (flags & bits.repaired) !== 0 || (shared & bits.companionRepaired) !== 0
    if (state === 'held' && isRepaired) return 'one of its objects or companions was repaired'
    if (state === 'repaired' && !isRepaired && (shared & bits.repaired) === 0) return 'nothing of it was repaired'
    return undefined
  }

  /** What is worse than held rests on a verdict where it names an object; other reasons no verdict shows. */
  #contradictionOfFault(conversationId: string, state: unknown, key: unknown): string | undefined {
    if (key === undefined) {
      const isDetailed = this.#recordingFaults.size + this.#conversationFaults.size <= detailedOwners
      return isDetailed && faultStates.includes(state) ? 'names no object that it rests on' : undefined
    }
    const isFound =
      typeof key === 'string' &&
      parseKey(key)?.conversationId === conversationId &&
      [this.#recordingFaults.faultOf(key), this.#conversationFaults.faultOf(key)].some((fault) => fault === state)
    return isFound ? undefined : `the last verdict on ${quoted(key)} does not`
  }

  /** The row of a recording of a conversation; -1 if there is none and none may be added. */
  #rowOf(recordingId: string, owner: number, isNew: boolean): number {
    const row = isNew ? this.#recordings.add(recordingId) : this.#recordings.find(recordingId)
    if (row < 0) return -1
    const own = this.#ownerOf.get(row)
    if (own === owner + 1) return row
    if (own === 0) {
      if (isNew) this.#ownerOf.set(row, owner + 1)
      return isNew ? row : -1
    }
    return this.#strayOf(recordingId, owner, isNew)
  }

  /** The row of what another conversation has under the id of a recording. */
  #strayOf(recordingId: string, owner: number, isNew: boolean): number {
    const rows = this.#strays.get(recordingId) ?? new Map<number, number>()
    const row = rows.get(owner)
    if (row !== undefined || !isNew) return row ?? -1
    // Names are anybody's, so none can be made up that no file bears; a random one is as good.
    const added = this.#recordings.add(randomUUID())
    this.#strays.set(recordingId, rows.set(owner, added))
    return added
  }

  /** The id itself has a line in the end, whichever conversation it is of. */
  #markFound(recordingId: string, row: number): void {
    this.#mark(this.#flags, row, bits.media)
    this.#mark(this.#flags, this.#recordings.add(recordingId), bits.found)
  }

  #mark(flags: Column, row: number, found: number): void {
    flags.set(row, flags.get(row) | found)
  }
}

/** What an outcome is that is neither held nor repaired; an unknown word proves nothing. */
function faultOf(outcome: unknown): Fault | undefined {
  if (outcome === 'held' || outcome === 'repaired') return undefined
  return faults.find((fault) => fault === outcome) ?? 'unreadable'
}

/** The size of the object as it was last seen; what is not known is not empty. */
function sizeOf({ before, after }: Untrusted<JournalData['verdict']>): unknown {
  return membersOf(after).sizeBytes ?? membersOf(before).sizeBytes
}

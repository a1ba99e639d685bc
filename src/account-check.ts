import { canonicalJson } from './internal/canonical-json.js'
import { Column } from './internal/column.js'
import { type Fault, FaultBook } from './internal/fault-book.js'
import { IdIndex } from './internal/id-index.js'
import { isUuid, parseKey, roleOf } from './layout.js'
import type { JournalRecord } from './ports.js'
import type { RecordingCounts } from './report.js'
import type { HoldRequirements } from './requirements.js'
import { contradictionOf } from './verdict-record.js'

const bits = { media: 1, repaired: 2, companionRepaired: 4, settled: 8, perhapsRepaired: 16, perhapsMedia: 32 } as const

/** What a verdict's record and a recording's are asked for here; it comes out of a file that somebody may have edited. */
interface ObjectFields {
  readonly object?: { readonly key?: unknown } | null
  readonly place?: { readonly kind?: unknown; readonly recordingId?: unknown; readonly conversationId?: unknown } | null
  readonly outcome?: unknown
}

interface RecordingFields {
  readonly state?: unknown
  readonly recordingId?: unknown
  readonly conversationId?: unknown
  readonly count?: unknown
}

/**
 * Whether the records of a run contradict each other, as they go by: each verdict is held against the states in it, and
 * each recording that is said to be held or repaired against the last verdicts on its objects. So whoever makes one line
 * say more than was found has to make up all lines that it rests on.
 *
 * What is said to be worse than its verdicts is no contradiction: listings, the platform and missing sidecars are reasons
 * that no verdict shows. Some 30 bytes for a recording.
 *
 * @internal
 */
export class AccountCheck {
  #runId: string | undefined
  #requirements: HoldRequirements | undefined
  #counts = new Map<unknown, number>()
  readonly #attempts = new Set<unknown>()
  #objects = new ObjectAccount()

  /** Takes the next record; says why it cannot stand after those before it. */
  add(record: Pick<JournalRecord, 'type' | 'runId' | 'data'>): string | undefined {
    const { type, runId, data } = record
    if (type === 'run-started') {
      // Only the first begins a run: what follows it goes on with it.
      if (this.#runId !== undefined) return undefined
      this.#runId = runId
      this.#requirements = (data as { requirements?: HoldRequirements }).requirements
    }
    if (runId !== this.#runId) return undefined
    switch (type) {
      case 'run-resumed':
        this.#objects.unsettle()
        this.#counts = new Map()
        return undefined
      case 'job-intent':
        // What was found before the export was repeated is of other versions.
        if (!this.#attempts.has(data.attempt)) this.#objects = new ObjectAccount()
        this.#attempts.add(data.attempt)
        return undefined
      case 'verdict':
        return contradictionOf(data, this.#requirements) ?? this.#objects.enter(data)
      case 'recording':
        this.#count(data)
        return this.#objects.settle(data)
      case 'report':
        return this.#contradictionOfReport(data)
      default:
        return undefined
    }
  }

  #count({ state, count = 1 }: RecordingFields): void {
    this.#counts.set(state, (this.#counts.get(state) ?? 0) + Number(count))
  }

  #contradictionOfReport({ counts, requirements }: JournalRecord['data']): string | undefined {
    if (canonicalJson(requirements) !== canonicalJson(this.#requirements)) {
      return 'is a report that names other requirements than the run was begun with'
    }
    const { expected, ...states } =
      typeof counts === 'object' && counts !== null ? (counts as Partial<RecordingCounts>) : noCounts
    const settled = [...this.#counts.values()].reduce((sum, count) => sum + count, 0)
    const differs = Object.entries(states).find(([state, count]) => count !== (this.#counts.get(state) ?? 0))
    if (differs === undefined && expected === settled) return undefined
    return `is a report that counts other recordings than the ${settled} before it`
  }
}

const noCounts: Partial<RecordingCounts> = {}

/** What the verdicts say of recordings and conversations, as rows of numbers. */
class ObjectAccount {
  readonly #recordings = new IdIndex()
  readonly #flags = Column.bytes()
  readonly #conversations = new IdIndex()
  readonly #conversationFlags = Column.bytes()
  readonly #recordingFaults = new FaultBook()
  readonly #conversationFaults = new FaultBook()
  /** The worst faults, once recordings are being settled. */
  #worst: { readonly own: Uint8Array; readonly shared: Uint8Array } | undefined

  /** A run that goes on settles all of its recordings anew. */
  unsettle(): void {
    this.#worst = undefined
    for (let row = 0; row < this.#recordings.size; row += 1) {
      this.#flags.set(row, this.#flags.get(row) & ~bits.settled)
    }
  }

  enter(data: ObjectFields): string | undefined {
    const { kind, recordingId, conversationId } = data.place ?? {}
    const key = data.object?.key
    if (typeof key !== 'string') return 'is a verdict on no object'
    if (this.#worst !== undefined) return 'is a verdict that comes after the states of the recordings'
    const isRepaired = data.outcome === 'repaired'
    const fault = faultOf(data.outcome)
    const isOwn = kind === 'recording' || kind === 'sidecar'
    // A sidecar of a file that is not named by an id may belong to a recording, or only to the conversation.
    const isLoose = kind === 'sidecar' && !isUuid(String(recordingId))
    if (typeof recordingId === 'string' && isOwn) {
      const row = this.#recordings.add(isLoose ? looseId(recordingId, conversationId) : recordingId)
      if (isLoose && isRepaired) {
        const named = this.#recordings.add(recordingId)
        this.#flags.set(named, this.#flags.get(named) | bits.perhapsRepaired)
      }
      this.#recordingFaults.note(row, key, fault, '', isRepaired)
      const found = (kind === 'recording' ? bits.media : 0) | (isRepaired ? bits.repaired : 0)
      this.#flags.set(row, this.#flags.get(row) | found)
    }
    if (kind === 'attachment') this.#noteFile(key)
    const isShared = !isOwn || (isRepaired && isLoose)
    if (typeof conversationId !== 'string' || !isShared) return undefined
    const owner = this.#conversations.add(conversationId)
    if (!isOwn) this.#conversationFaults.note(owner, key, fault, '', isRepaired)
    const repaired = isRepaired ? (isOwn ? bits.repaired : bits.repaired | bits.companionRepaired) : 0
    this.#conversationFlags.set(owner, this.#conversationFlags.get(owner) | repaired)
    return undefined
  }

  /** A file that is not named by an id is taken for an attachment until its sidecar lands, and not read again then. */
  #noteFile(key: string): void {
    const role = roleOf(parseKey(key)?.rest ?? '')
    if (role.role !== 'media') return
    const row = this.#recordings.add(role.recordingId)
    this.#flags.set(row, this.#flags.get(row) | bits.perhapsMedia)
  }

  settle({ state, recordingId, conversationId, count = 1 }: RecordingFields): string | undefined {
    this.#worst ??= {
      own: this.#recordingFaults.worst(this.#recordings.size),
      shared: this.#conversationFaults.worst(this.#conversations.size),
    }
    const row = typeof recordingId === 'string' ? this.#recordings.find(recordingId) : -1
    const flags = row < 0 ? 0 : this.#flags.get(row)
    if ((flags & bits.settled) !== 0) return `gives the recording ${recordingId} a state, which has one already`
    if (row >= 0) this.#flags.set(row, flags | bits.settled)
    if (state !== 'held' && state !== 'repaired') return undefined
    const says = `says ${JSON.stringify(state)} of the recording ${JSON.stringify(recordingId)}, and`
    if (count !== 1) return `${says} stands for ${JSON.stringify(count)}`
    if ((flags & (bits.media | bits.perhapsMedia)) === 0) return `${says} no verdict on it is on record`
    const owner = typeof conversationId === 'string' ? this.#conversations.find(conversationId) : -1
    const id = String(recordingId)
    const loose = isUuid(id) ? -1 : this.#recordings.find(looseId(id, conversationId))
    const fault =
      this.#recordingFaults.shortcomingAt(row, this.#worst.own[row] ?? 0) ??
      this.#recordingFaults.shortcomingAt(loose, this.#worst.own[loose] ?? 0) ??
      this.#conversationFaults.shortcomingAt(owner, this.#worst.shared[owner] ?? 0)
    if (fault !== undefined) {
      return `${says} the last verdict on one of its objects or companions says ${JSON.stringify(fault.fault)}`
    }
    const shared = owner < 0 ? 0 : this.#conversationFlags.get(owner)
    const own = loose < 0 ? flags : flags | this.#flags.get(loose)
    const isRepaired = (own & bits.repaired) !== 0 || (shared & bits.companionRepaired) !== 0
    if (state === 'held' && isRepaired) return `${says} one of its objects or companions was repaired`
    const mayBeRepaired = (flags & bits.perhapsRepaired) !== 0 || (shared & bits.repaired) !== 0
    if (state === 'repaired' && !isRepaired && !mayBeRepaired) return `${says} nothing of it was repaired`
    return undefined
  }
}

/** Of files that have one name in several conversations. */
function looseId(recordingId: string, conversationId: unknown): string {
  return `${recordingId}\n${conversationId}`
}

/** What an outcome is that is neither held nor repaired; a word that is none of ours proves nothing. */
function faultOf(outcome: unknown): Fault | undefined {
  if (outcome === 'held' || outcome === 'repaired') return undefined
  const known: readonly unknown[] = ['unrepaired', 'conflicting', 'missing']
  return known.includes(outcome) ? (outcome as Fault) : 'unreadable'
}

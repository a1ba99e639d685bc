import { canonicalJson } from '../../internal/canonical-json.js'
import { IdDigest } from '../../internal/tables/id-digest.js'
import type { RecordingException } from '../../model/report.js'
import { isCount, itemsOf, membersOf, quoted } from '../form/untrusted.js'
import type { JournalData, Untrusted } from '../records.js'

/** States of a recording that is under the hold. */
const wellStates: readonly unknown[] = ['held', 'repaired']
/** States in which recordings may be that nobody can name. */
const unnamedStates: readonly unknown[] = ['missing', 'failedAtSource', 'skippedAtSource']
const states: readonly unknown[] = [...wellStates, 'conflicting', 'unreadable', 'unrepaired', ...unnamedStates]
// As many as a report lists.
const mostExceptions = 1_000

/** What the lines of the recordings amount to. */
export interface RecordingSums {
  readonly total: number
  /** Those that a list names. */
  readonly listed: number
  /** Of those. */
  readonly digestOfListed: string
  /** Those that have a name and are in no list. */
  readonly offList: number
  /** Those that nobody can name. */
  readonly unnamed: number
}

/** Recordings of shards, which have no line of their own. */
export interface ShardStates {
  inState(state: unknown): number
  with(sums: RecordingSums): RecordingSums
}

/** Adds up the lines that say what became of each recording. */
export class RecordingLines {
  readonly #counts = new Map<unknown, number>()
  readonly #exceptions: string[] = []
  readonly #unnamedStates = new Set<unknown>()
  readonly #digest = new IdDigest()
  #listed = 0
  #offList = 0
  #unnamed = 0

  /** Whether any line has come. */
  get any(): boolean {
    return this.#counts.size > 0
  }

  get sums(): RecordingSums {
    const [listed, offList, unnamed] = [this.#listed, this.#offList, this.#unnamed]
    return { total: listed + offList + unnamed, listed, offList, unnamed, digestOfListed: this.#digest.hex }
  }

  /** Takes the next line; says why it cannot be one. */
  add({ hold, ...line }: Untrusted<JournalData['recording']>): string | undefined {
    const contradiction = this.#contradictionOf(line)
    const { state, recordingId, listed } = line
    const count = isCount(line.count) ? line.count : 1
    this.#counts.set(state, (this.#counts.get(state) ?? 0) + count)
    if (recordingId === undefined) this.#unnamed += count
    else if (listed === false) this.#offList += count
    else {
      this.#listed += count
      this.#digest.add(String(recordingId), String(line.conversationId))
    }
    if (!wellStates.includes(state) && this.#exceptions.length < mostExceptions) {
      this.#exceptions.push(canonicalJson(line))
    }
    return contradiction
  }

  #contradictionOf({
    state,
    recordingId,
    conversationId,
    count,
    listed,
  }: Untrusted<RecordingException>): string | undefined {
    if (!states.includes(state)) return `says ${quoted(state)} of a recording, which is not a state of one`
    const isCounted = count === undefined || (isCount(count) && count > 0)
    if (!isCounted) return `stands for ${quoted(count)} recordings`
    if (listed !== undefined && listed !== false) return `says ${quoted(listed)} of whether a list names its recording`
    if (recordingId === undefined) {
      if (!unnamedStates.includes(state) || count === undefined) return `says ${quoted(state)} of no recording`
      if (this.#unnamedStates.has(state)) return `says a second time ${quoted(state)} of recordings without a name`
      this.#unnamedStates.add(state)
      return undefined
    }
    const isNamed = typeof recordingId === 'string' && recordingId !== '' && typeof conversationId === 'string'
    if (!isNamed) return `names the recording ${quoted(recordingId)} of the conversation ${quoted(conversationId)}`
    const says = `says ${quoted(state)} of the recording ${quoted(recordingId)}, and`
    return count === undefined || count === 1 ? undefined : `${says} stands for ${quoted(count)}`
  }

  /** Says why a report is not that of these lines. */
  report({ counts, exceptions }: Untrusted<JournalData['report']>, shards: ShardStates): string | undefined {
    const { expected, ...byState } = membersOf(counts)
    const { total } = shards.with(this.sums)
    const named = new Set([...states, ...Object.keys(byState)])
    const differs = [...named].some(
      (state) => (byState[String(state)] ?? 0) !== (this.#counts.get(state) ?? 0) + shards.inState(state),
    )
    if (differs || expected !== total) return `is a report that counts other recordings than the ${total} before it`
    const listed = itemsOf(exceptions)
    const isOther =
      listed.length !== this.#exceptions.length || listed.some((one, at) => canonicalJson(one) !== this.#exceptions[at])
    return isOther ? 'is a report that lists other exceptions than the recordings before it' : undefined
  }
}

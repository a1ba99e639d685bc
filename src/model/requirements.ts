import { carriesTag, isHoldTag, type LegalHold, type TagListForm } from './hold.js'
import type { ObjectState, RetentionMode } from './object.js'

/** What each object must show. */
export interface HoldRequirements {
  /**
   * User metadata, names without `x-amz-meta-`. A value that is a hold tag may be in a comma-separated list with
   * the tags of other matters.
   *
   * @defaultValue `{ 'legal-hold-tag': hold.tag }`, if no requirements are given at all
   */
  readonly metadata?: Readonly<Record<string, string>> | undefined
  /** Object tags. A value that is a hold tag may be in a space-separated list. */
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** Object Lock legal hold on. */
  readonly legalHold?: boolean | undefined
  /** Object Lock retention at least until this date, ISO 8601. */
  readonly retainUntilDate?: string | undefined
  /** Least mode of the retention. @defaultValue 'GOVERNANCE', which COMPLIANCE also satisfies */
  readonly retentionMode?: RetentionMode | undefined
}

/** The requirements of a hold for which none were given. */
export function defaultRequirements(hold: LegalHold): HoldRequirements {
  return { metadata: { 'legal-hold-tag': hold.tag } }
}

/** What a HEAD must read, so that one request answers all requirements. */
export function headNeeds(requirements: HoldRequirements): { readonly tags: boolean; readonly lock: boolean } {
  return {
    tags: Object.keys(requirements.tags ?? {}).length > 0,
    lock: requirements.legalHold === true || requirements.retainUntilDate !== undefined,
  }
}

/** How a requirement is not met: `absent`, present with another value, present but too little, or not readable. */
export type Shortfall = 'absent' | 'conflict' | 'insufficient' | 'unreadable'

/** One requirement that an object does not meet. */
export interface UnmetRequirement {
  readonly kind: 'metadata' | 'tag' | 'legal-hold' | 'retention'
  /** Name of the metadata entry or tag. */
  readonly name?: string | undefined
  readonly expected: string
  readonly actual?: string | undefined
  readonly shortfall: Shortfall
}

/** Which requirements one object meets. */
export interface Evaluation {
  /** How many requirements are met. */
  readonly met: number
  readonly unmet: readonly UnmetRequirement[]
}

/** The parts of a state that a requirement may concern. */
export type ShownState = Pick<
  ObjectState,
  'metadata' | 'missingMetadata' | 'tagCount' | 'tags' | 'legalHold' | 'retention'
>

/** Compares an object's state with the requirements. Pure. */
export function evaluate(requirements: HoldRequirements, state: ShownState): Evaluation {
  const unmet: UnmetRequirement[] = []
  let met = 0
  const note = (shortfall: UnmetRequirement | undefined) => {
    if (shortfall === undefined) met += 1
    else unmet.push(shortfall)
  }
  for (const [name, expected] of Object.entries(requirements.metadata ?? {})) {
    note(metadataShortfall(name, expected, state))
  }
  for (const [name, expected] of Object.entries(requirements.tags ?? {})) note(tagShortfall(name, expected, state))
  if (requirements.legalHold) note(legalHoldShortfall(state))
  if (requirements.retainUntilDate !== undefined) {
    note(retentionShortfall(requirements.retainUntilDate, requirements.retentionMode ?? 'GOVERNANCE', state))
  }
  return { met, unmet }
}

/** Whether a value satisfies a required one: a hold tag by membership of the list, anything else by equality. */
export function satisfies(actual: string, expected: string, form: TagListForm): boolean {
  return isHoldTag(expected) ? carriesTag(actual, expected, form) : actual === expected
}

function metadataShortfall(name: string, expected: string, state: ShownState): UnmetRequirement | undefined {
  const actual = Object.hasOwn(state.metadata, name) ? state.metadata[name] : undefined
  // A value S3 could not return (`x-amz-missing-meta`) may be this one: what cannot be read is not absent.
  if (actual === undefined && (state.missingMetadata ?? 0) > 0) {
    return { kind: 'metadata', name, expected, shortfall: 'unreadable' }
  }
  return valueShortfall('metadata', name, expected, actual)
}

function tagShortfall(name: string, expected: string, state: ShownState): UnmetRequirement | undefined {
  if (state.tags === 'unreadable' || (state.tags === undefined && state.tagCount !== 0)) {
    return { kind: 'tag', name, expected, shortfall: 'unreadable' }
  }
  const tags = state.tags ?? {}
  return valueShortfall('tag', name, expected, Object.hasOwn(tags, name) ? tags[name] : undefined)
}

function valueShortfall(
  kind: 'metadata' | 'tag',
  name: string,
  expected: string,
  actual: string | undefined,
): UnmetRequirement | undefined {
  if (actual === undefined || actual.trim() === '') return { kind, name, expected, actual, shortfall: 'absent' }
  if (satisfies(actual, expected, kind === 'tag' ? 'object-tag' : 'metadata')) return undefined
  return { kind, name, expected, actual, shortfall: 'conflict' }
}

function legalHoldShortfall(state: ShownState): UnmetRequirement | undefined {
  if (state.legalHold === 'ON') return undefined
  const shortfall = state.legalHold === 'OFF' ? 'absent' : 'unreadable'
  return { kind: 'legal-hold', expected: 'ON', actual: state.legalHold, shortfall }
}

function retentionShortfall(until: string, mode: RetentionMode, state: ShownState): UnmetRequirement | undefined {
  const expected = `${mode} until ${until}`
  const { retention } = state
  if (retention === undefined || retention === 'unreadable') {
    return { kind: 'retention', expected, shortfall: 'unreadable' }
  }
  if (retention === 'none') return { kind: 'retention', expected, shortfall: 'absent' }
  const longEnough = Date.parse(retention.retainUntilDate) >= Date.parse(until)
  const strongEnough = mode === 'GOVERNANCE' || retention.mode === 'COMPLIANCE'
  if (longEnough && strongEnough) return undefined
  const actual = `${retention.mode} until ${retention.retainUntilDate}`
  return { kind: 'retention', expected, actual, shortfall: 'insufficient' }
}

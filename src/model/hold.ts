import { LegalHoldError } from './errors.js'

/** A legal hold: matter X, tag Y. The tag is the value that every object must carry. */
export interface LegalHold {
  /** 1 to 128 of letters, digits and `+ - = . _ : / @`: valid in a header, in a tag value and in a list of tags. */
  readonly tag: string
  readonly matter?: string | undefined
  readonly reason?: string | undefined
  readonly requestedBy?: string | undefined
}

/** How the tags of several matters share one value: S3 does not allow a comma in a tag value (s3-facts, copy). */
export type TagListForm = 'metadata' | 'object-tag'

const separators: Record<TagListForm, string> = { metadata: ',', 'object-tag': ' ' }

// Letters and digits are ASCII here: metadata headers are US-ASCII in practice (s3-facts, copy).
const holdTagPattern = /^[A-Za-z0-9+\-=._:/@]{1,128}$/

/** Whether a text may be a hold tag. */
export function isHoldTag(text: unknown): text is string {
  return typeof text === 'string' && holdTagPattern.test(text)
}

/**
 * Returns the hold if it is well formed.
 *
 * @throws LegalHoldError `INVALID_HOLD`
 */
export function checkHold(hold: LegalHold): LegalHold {
  const tag: unknown = (hold as LegalHold | undefined)?.tag
  if (isHoldTag(tag)) return hold
  throw new LegalHoldError(
    `${mistakeIn(hold, tag)} A tag is 1 to 128 of letters, digits and + - = . _ : / @, ` +
      'because it must be valid in an HTTP header, in an S3 tag value and in a list of tags.',
    { code: 'INVALID_HOLD', stage: 'options' },
  )
}

function mistakeIn(hold: unknown, tag: unknown): string {
  if (typeof hold === 'object' && hold !== null && !Array.isArray(hold)) {
    return `The hold tag ${JSON.stringify(tag) ?? 'undefined'} is not usable.`
  }
  if (typeof hold !== 'string') return `The hold must be an object { tag }, not ${JSON.stringify(hold) ?? typeof hold}.`
  const given = JSON.stringify(hold.slice(0, 128))
  return `The hold must be an object { tag }, not the text ${given}: give { tag: ${given} }.`
}

/** The tags that a metadata or tag value carries, in their order. */
export function readTagList(value: string, form: TagListForm): string[] {
  return value
    .split(separators[form])
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '')
}

/** Whether a value carries a tag: exact match of one tag of the list, never of a part of it. */
export function carriesTag(value: string, tag: string, form: TagListForm): boolean {
  return value === tag || readTagList(value, form).includes(tag)
}

/** The value with the tag added at its end. The existing text is kept byte for byte. */
export function addTag(value: string | undefined, tag: string, form: TagListForm): string {
  if (value === undefined || value.trim() === '') return tag
  return carriesTag(value, tag, form) ? value : `${value}${separators[form]}${tag}`
}

/** The value without the tag, the others in their order; `undefined` if none is left. */
export function removeTag(value: string, tag: string, form: TagListForm): string | undefined {
  const rest = readTagList(value, form).filter((other) => other !== tag)
  return rest.length === 0 ? undefined : joinTags(rest, form)
}

/** A value that lists these tags. */
export function joinTags(tags: readonly string[], form: TagListForm): string {
  return tags.join(separators[form])
}

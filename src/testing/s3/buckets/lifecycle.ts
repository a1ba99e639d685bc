import { dayMs } from '../../../internal/durations.js'
import { invalidArgument, S3Error } from '../http/errors.js'
import { httpDate, parseIsoDate } from '../http/time.js'
import { child, children, childText, parseXml, type XmlElement } from '../http/xml.js'
import type { ObjectVersion } from '../state/object-version.js'
import type { Bucket } from '../state/state.js'

/** A rule as far as the simulator must understand it. */
interface Rule {
  readonly id: string
  readonly enabled: boolean
  readonly prefix: string
  readonly tags: readonly (readonly [string, string])[]
  readonly largerThan: number
  readonly smallerThan: number
  readonly expirationDays?: number | undefined
  readonly expirationDateMs?: number | undefined
}

const parsed = new Map<string, readonly Rule[]>()

/** The `x-amz-expiration` of a current version: the first rule that will expire it. */
export function expirationHeader(bucket: Bucket, version: ObjectVersion): string | undefined {
  const document = bucket.settings.documents.find(([name]) => name === 'lifecycle')?.[1]
  if (document === undefined || bucket.objects.current(version.key) !== version) return undefined
  const due = rulesOf(document)
    .filter((rule) => covers(rule, version))
    .map((rule) => ({ rule, atMs: expiryOf(rule, version) }))
    .filter((entry): entry is { rule: Rule; atMs: number } => entry.atMs !== undefined)
    .sort((a, b) => a.atMs - b.atMs)[0]
  if (due === undefined) return undefined
  return `expiry-date="${httpDate(due.atMs)}", rule-id="${encodeURIComponent(due.rule.id)}"`
}

function rulesOf(document: string): readonly Rule[] {
  const known = parsed.get(document)
  if (known !== undefined) return known
  const rules = children(parseXml(document, 'LifecycleConfiguration'), 'Rule').map(readRule)
  if (parsed.size >= 100) parsed.clear()
  parsed.set(document, rules)
  return rules
}

function covers(rule: Rule, version: ObjectVersion): boolean {
  const size = version.body.sizeBytes
  return (
    rule.enabled &&
    version.key.startsWith(rule.prefix) &&
    size > rule.largerThan &&
    size < rule.smallerThan &&
    rule.tags.every(([name, value]) => version.tags.some(([key, text]) => key === name && text === value))
  )
}

/** Midnight UTC after the days have passed (user guide, "Lifecycle rules based on an object's age"). */
function expiryOf(rule: Rule, version: ObjectVersion): number | undefined {
  if (rule.expirationDays === undefined) return rule.expirationDateMs
  return Math.ceil((version.lastModifiedMs + rule.expirationDays * dayMs) / dayMs) * dayMs
}

function readRule(rule: XmlElement): Rule {
  const filter = child(rule, 'Filter')
  const scope = (filter && child(filter, 'And')) ?? filter ?? rule
  const expiration = child(rule, 'Expiration')
  const days = expiration && childText(expiration, 'Days')
  const date = expiration && childText(expiration, 'Date')
  return {
    id: childText(rule, 'ID') ?? '',
    enabled: childText(rule, 'Status') === 'Enabled',
    prefix: childText(scope, 'Prefix') ?? '',
    tags: children(scope, 'Tag').map((tag) => [childText(tag, 'Key') ?? '', childText(tag, 'Value') ?? ''] as const),
    largerThan: Number(childText(scope, 'ObjectSizeGreaterThan') ?? -1),
    smallerThan: Number(childText(scope, 'ObjectSizeLessThan') ?? Number.POSITIVE_INFINITY),
    expirationDays: days === undefined ? undefined : Number(days),
    expirationDateMs: date === undefined ? undefined : parseIsoDate(date),
  }
}

const actions = [
  'Expiration',
  'NoncurrentVersionExpiration',
  'Transition',
  'NoncurrentVersionTransition',
  'AbortIncompleteMultipartUpload',
]

/** Refuses a lifecycle configuration that S3 would not store. */
export function checkLifecycle(document: XmlElement): void {
  const rules = children(document, 'Rule')
  if (rules.length === 0 || rules.length > 1000) throw new S3Error('MalformedXML')
  const ids = rules.map((rule) => childText(rule, 'ID')).filter((id) => id !== undefined)
  if (new Set(ids).size !== ids.length) throw argument('Rule ID must be unique. Found same ID for more than one rule')
  for (const rule of rules) checkRule(rule)
}

function argument(message: string): S3Error {
  return new S3Error('InvalidArgument', { message })
}

function checkRule(rule: XmlElement): void {
  const status = childText(rule, 'Status')
  if (status !== 'Enabled' && status !== 'Disabled') throw new S3Error('MalformedXML')
  if ((childText(rule, 'ID') ?? '').length > 255) throw argument('ID length should not exceed allowed limit of 255')
  const filter = child(rule, 'Filter')
  if ((filter === undefined) === (child(rule, 'Prefix') === undefined)) throw new S3Error('MalformedXML')
  if (filter !== undefined) checkFilter(filter)
  if (!actions.some((name) => child(rule, name) !== undefined)) {
    throw new S3Error('InvalidRequest', {
      message: 'At least one action needs to be specified in a rule',
    })
  }
  for (const element of rule.children) if (actions.includes(element.name)) checkAction(element)
}

/** A filter has one condition; several go into `And`. */
function checkFilter(filter: XmlElement): void {
  if (filter.children.length > 1) throw new S3Error('MalformedXML')
  const tags = children(child(filter, 'And') ?? filter, 'Tag').map((tag) => childText(tag, 'Key'))
  if (new Set(tags).size !== tags.length) {
    throw new S3Error('InvalidRequest', { message: 'Duplicate Tag Keys are not allowed.' })
  }
}

function checkAction(element: XmlElement): void {
  const kinds = ['Days', 'Date', 'ExpiredObjectDeleteMarker'].filter((name) => child(element, name) !== undefined)
  if (element.children.length === 0 || kinds.length > 1) throw new S3Error('MalformedXML')
  for (const name of ['Days', 'NoncurrentDays', 'DaysAfterInitiation']) {
    const text = childText(element, name)
    if (text === undefined) continue
    if (!/^-?\d+$/.test(text)) throw new S3Error('MalformedXML')
    // Objects may move to another class on the day they are written, but expire on the next at the earliest.
    const least = element.name.endsWith('Transition') ? 0 : 1
    if (Number(text) < least) {
      throw argument(
        `'${name}' for ${element.name} action must be ${least === 1 ? 'a positive integer' : 'nonnegative'}`,
      )
    }
  }
  const date = childText(element, 'Date')
  if (date === undefined) return
  const ms = parseIsoDate(date)
  if (ms === undefined) throw new S3Error('MalformedXML')
  if (ms % dayMs !== 0) {
    throw invalidArgument('Date', date, "'Date' must be at midnight GMT")
  }
}

import { readTagList } from '#src/model/hold.js'
import type { Repaired } from '../fakes/repair.js'
import { later, required, tag, type World } from './world.js'

type Version = NonNullable<ReturnType<World['version']>>
type Pairs = Version['metadata']

/** Everything that is wrong after a repair, in words; nothing of it rests on what the library compares itself. */
export function violationsOf(world: World, { remediation, witness }: Repaired, former?: Repaired): string[] {
  const wrong = [...world.violations]
  const check = (right: boolean, what: string) => {
    if (!right) wrong.push(what)
  }
  for (const [id, was] of world.foreign) if (!was.deleteMarker) notWeakened(world, id, was, check)
  const { outcome, after } = remediation
  const mutations = world.requests.filter(({ method }) => /^(PUT|POST|DELETE)/.test(method))
  const isIdle = (outcome === 'refused' || outcome === 'not-needed') && remediation.steps.length === 0
  if (world.case.policy.dryRun || isIdle) {
    check(
      mutations.length === 0,
      `${outcome} although it sent ${mutations.map(({ operation }) => operation).join(', ')}`,
    )
  }
  if (outcome === 'repaired' || outcome === 'not-needed') {
    const result = world.version(after?.versionId ?? remediation.verdict.object.versionId)
    check(result !== undefined, `${outcome}, but its version is not there`)
    if (result !== undefined) {
      meetsRequirements(world, result, check)
      // What a former repair said it had buried is reported by it, and stays that way.
      const isBuried = former !== undefined && buries(former)
      if (!world.foreign.has(result.versionId) && !isBuried) lostNothing(world, result, check)
    }
  }
  if (buries({ remediation }) && world.case.policy.protectOriginal && world.case.bucket.kind === 'locked') {
    const top = world.versions.findIndex(({ versionId }) => world.foreign.has(versionId))
    check(top < 1 || world.versions[top]?.legalHold === 'ON', 'what was buried is not held')
  }
  check(witness.notes.length % 2 === 0, 'an intent without an outcome')
  return wrong
}

/** Whether a repair reports that somebody else's change lies beneath its copy. */
export function buries({ remediation }: Pick<Repaired, 'remediation'>): boolean {
  return remediation.outcome === 'failed' && /somebody wrote version/.test(remediation.reason ?? '')
}

type Check = (right: boolean, what: string) => void

/** Invariants 1 and 2: nothing of what others wrote is gone or less protected. */
function notWeakened(world: World, id: string, was: Version, check: Check): void {
  const now = world.version(id)
  const isOverwritten = world.case.bucket.kind === 'unversioned'
  if (now === undefined) {
    check(false, `version ${id} is gone`)
    return
  }
  if (!isOverwritten) check(text(now.metadata) === text(was.metadata), `the metadata of version ${id} changed`)
  check(content(now) === content(was), `the content of version ${id} changed`)
  if (was.legalHold === 'ON' || world.heldByOthers.has(id)) check(now.legalHold === 'ON', `the hold of ${id} is off`)
  const until = world.retainedByOthers.has(id) ? later.getTime() : (was.retention?.untilMs ?? 0)
  check((now.retention?.untilMs ?? 0) >= until, `the retention of ${id} is shorter`)
  check(was.retention?.mode !== 'COMPLIANCE' || now.retention?.mode === 'COMPLIANCE', `the mode of ${id} is weaker`)
  keepsTags(world, was, now, `version ${id}`, check)
  if (world.taggedByOthers.has(id)) check(entryOf(now.tags, 'theirs') === '1', `another's tag on ${id} is gone`)
}

function keepsTags(world: World, was: Version, now: Version, what: string, check: Check): void {
  for (const [name, value] of was.tags) {
    const is = entryOf(now.tags, name)
    if (name !== 'hold') check(is === value, `${what}: the tag ${name} was ${value} and is ${is}`)
    else check(grownBy(value, is, 'object-tag'), `${what}: the tag hold was "${value}" and is "${is}"`)
  }
  const known = new Set([
    ...was.tags.map(([name]) => name),
    'theirs',
    ...(world.case.policy.requires.tags ? ['hold'] : []),
  ])
  for (const [name] of now.tags) check(known.has(name), `${what}: nobody asked for the tag ${name}`)
}

/** The same list, or with our tag at its end: others in their order, byte for byte. */
function grownBy(before: string, after: string | undefined, form: 'metadata' | 'object-tag'): boolean {
  if (after === before) return true
  const separator = form === 'metadata' ? ',' : ' '
  return after === (before.trim() === '' ? tag : `${before}${separator}${tag}`)
}

function meetsRequirements(world: World, version: Version, check: Check): void {
  const { metadata, tags, legalHold, retain } = world.case.policy.requires
  const list = (pairs: Pairs, name: string, form: 'metadata' | 'object-tag') =>
    readTagList(entryOf(pairs, name) ?? '', form)
  if (metadata) check(list(version.metadata, 'legal-hold-tag', 'metadata').includes(tag), 'the metadata is not there')
  if (tags) check(list(version.tags, 'hold', 'object-tag').includes(tag), 'the tag is not there')
  if (legalHold) check(version.legalHold === 'ON', 'the hold is off')
  if (retain) check((version.retention?.untilMs ?? 0) >= Date.parse(required), 'the retention is too short')
}

/** What a copy of ours has of the version it was made of, property by property. */
function lostNothing(world: World, copy: Version, check: Check): void {
  const { policy, bucket } = world.case
  const beneath = world.versions.slice(world.versions.indexOf(copy) + 1)
  const source = beneath.find(({ versionId }) => world.foreign.has(versionId))
  const was = source === undefined ? undefined : world.foreign.get(source.versionId)
  if (source === undefined || was === undefined) {
    check(bucket.kind === 'unversioned', 'nothing lies beneath the copy')
    return
  }
  check(!was.deleteMarker, 'the copy lies on a delete marker')
  check(content(copy) === content(was), 'the content differs')
  const held = entryOf(was.metadata, 'legal-hold-tag')
  const rest = (pairs: Pairs) => text(pairs.filter(([name]) => name !== 'legal-hold-tag'))
  check(rest(copy.metadata) === rest(was.metadata), `metadata: ${text(was.metadata)} became ${text(copy.metadata)}`)
  check(grownBy(held ?? '', entryOf(copy.metadata, 'legal-hold-tag'), 'metadata'), 'the tags of other matters changed')
  check(text(copy.headers) === text(was.headers), `headers: ${text(was.headers)} became ${text(copy.headers)}`)
  check(copy.storageClass === was.storageClass, `storage class ${copy.storageClass}`)
  check(JSON.stringify(copy.encryption) === JSON.stringify(was.encryption), 'the encryption differs')
  check(copy.redirect === was.redirect, 'the redirect differs')
  check(grants(copy) === grants(was), `grants: ${grants(was)} became ${grants(copy)}`)
  check(copy.checksum?.algorithm === was.checksum?.algorithm || was.checksum === undefined, 'the checksum differs')
  keepsTags(world, was, copy, 'the copy', check)
  if (world.taggedByOthers.has(source.versionId) && !world.taggedByOthers.has(copy.versionId)) {
    check(entryOf(copy.tags, 'theirs') === '1', "another's tag did not reach the copy")
  }
  const until = world.retainedByOthers.has(source.versionId) ? later.getTime() : (was.retention?.untilMs ?? 0)
  check((copy.retention?.untilMs ?? 0) >= until, 'the retention of the copy is shorter')
  check(was.retention?.mode !== 'COMPLIANCE' || copy.retention?.mode === 'COMPLIANCE', 'the mode of the copy is weaker')
  const mustHold = policy.requires.legalHold || was.legalHold === 'ON'
  // One that came while ours protected the original cannot be told from it (docs/repair.md, races).
  const mayHold = world.heldByOthers.has(source.versionId) || world.heldByOthers.has(copy.versionId)
  if (mustHold) check(copy.legalHold === 'ON', 'the hold of the copy is off')
  else if (!mayHold) check(copy.legalHold !== 'ON', 'nobody asked for the hold of the copy')
  if (policy.protectOriginal && bucket.kind === 'locked') {
    check(source.legalHold === 'ON', 'the original is not protected')
  }
}

/** Where nothing interferes, the outcome is known beforehand. */
export function expectedOutcomes({ case: { bucket, object, policy } }: World): readonly string[] {
  const { requires, onConflict, allowOverwrite } = policy
  const conflicts = (slot: string | undefined) => slot === 'other' || slot === 'longer'
  const lacks = (slot: string | undefined) => slot !== 'ours' && slot !== 'other+ours'
  const isConflict =
    (requires.metadata && conflicts(object.holdInMetadata)) || (requires.tags && conflicts(object.holdInTags))
  const copies = requires.metadata && lacks(object.holdInMetadata)
  const cannotCopy =
    object.state === 'replica' ||
    object.state === 'missing' ||
    object.storageClass === 'GLACIER' ||
    (bucket.kind === 'unversioned' && !allowOverwrite)
  if (object.state === 'deleted' || (isConflict && onConflict === 'refuse') || (copies && cannotCopy))
    return ['refused']
  return policy.dryRun ? ['planned', 'not-needed'] : ['repaired', 'not-needed']
}

function text(pairs: Pairs): string {
  return JSON.stringify([...pairs].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function entryOf(pairs: Pairs, name: string): string | undefined {
  return pairs.find(([other]) => other === name)?.[1]
}

function grants({ acl }: Version): string {
  return acl
    .map(({ grantee, permission }) => `${permission} ${grantee}`)
    .sort()
    .join(', ')
}

/** Copies share their source's bytes: the stretches of stored bytes, joined where they touch. */
function content({ body, etag }: Version): string {
  const joined: { blob: string; start: number; end: number }[] = []
  for (const { blob, start, length } of body.segments) {
    const last = joined.at(-1)
    if (last !== undefined && last.blob === blob && last.end === start) last.end += length
    else if (length > 0) joined.push({ blob, start, end: start + length })
  }
  return body.sizeBytes === 0 ? 'empty' : joined.length === 0 ? etag : JSON.stringify(joined)
}

import { isUuid, type ParsedKey, parseKey, roleOf, sidecarSuffix } from '../layout.js'
import type { ListedObject } from '../ports.js'
import type { ObjectPlace } from '../verdict.js'

/** What the job's list says about ids. */
export interface Scope {
  covers(conversationId: string): boolean
  /** Whether the recordings of the conversation are known, so that any other one belongs to another job. */
  isListed(conversationId: string): boolean
  isExpected(recordingId: string, conversationId: string): boolean
  /** Whether an object may have been delivered by the job, by when it was written. */
  isOfJob(object: ListedObject): boolean
}

/** Without a list everything counts as the job's. */
export const everythingInScope: Scope = {
  covers: () => true,
  isListed: () => false,
  isExpected: () => false,
  isOfJob: () => true,
}

/** One object with the parts of its key. */
export interface LocatedObject {
  readonly object: ListedObject
  readonly key: ParsedKey
}

/**
 * Says what each object of one conversation's folder is. The whole folder is looked at together, since a media file
 * with a sidecar that is in no list and older than the job is a recording of another one, while one without is an
 * attachment.
 *
 * Transcripts and attachments of a conversation that is in scope are evidence like its recordings. When in doubt an
 * object counts as evidence: to hold too much can be undone.
 */
export function classifyConversation(
  objects: readonly LocatedObject[],
  scope: Scope,
): { readonly object: ListedObject; readonly place: ObjectPlace }[] {
  const names = new Set<string>()
  for (const { key } of objects) names.add(key.rest)
  return objects.map((located) => classifyObject(located, (name) => names.has(name), scope))
}

/**
 * Says what one object is.
 *
 * @param lies whether a file of this name lies in the same folder; it is asked for the sidecar of a media file only
 */
export function classifyObject(
  { object, key }: LocatedObject,
  lies: (name: string) => boolean,
  scope: Scope,
): { readonly object: ListedObject; readonly place: ObjectPlace } {
  return { object, place: placeOf(object, key, lies, scope) }
}

function placeOf(
  object: ListedObject,
  { conversationId, rest }: ParsedKey,
  lies: (name: string) => boolean,
  scope: Scope,
): ObjectPlace {
  const role = roleOf(rest)
  if (!scope.covers(conversationId)) return { kind: 'unexpected', conversationId }
  // What lands in a conversation of the job while the job delivers is the job's, whether the platform listed it or not.
  const listed = scope.isListed(conversationId) && !scope.isOfJob(object)
  switch (role.role) {
    case 'transcript':
      return { kind: 'transcript', conversationId }
    case 'attachment':
      return { kind: 'attachment', conversationId }
    case 'sidecar':
      if (!listed || scope.isExpected(role.recordingId, conversationId)) {
        return { kind: 'sidecar', conversationId, recordingId: role.recordingId }
      }
      return { kind: 'unexpected', conversationId, recordingId: role.recordingId }
    case 'media': {
      const { recordingId } = role
      if (scope.isExpected(recordingId, conversationId)) return { kind: 'recording', conversationId, recordingId }
      if (lies(`${rest}${sidecarSuffix}`)) {
        return { kind: listed ? 'unexpected' : 'recording', conversationId, recordingId }
      }
      if (!listed && isUuid(recordingId)) return { kind: 'recording', conversationId, recordingId }
      return { kind: 'attachment', conversationId }
    }
  }
}

const everythingListed: Scope = { ...everythingInScope, isListed: () => true, isExpected: () => true }

/**
 * The places that an object of this key can have, whatever the job's list says and whatever lies beside it: none for a
 * key that is not of the layout.
 */
export function placesOf(key: string): readonly ObjectPlace[] {
  const parsed = parseKey(key)
  if (parsed === undefined) return []
  const { rest } = parsed
  const described = rest.endsWith(sidecarSuffix) ? [rest.slice(0, -sidecarSuffix.length)] : []
  const neighbours = [[], [`${rest}${sidecarSuffix}`], described]
  return neighbours.flatMap((names) =>
    [everythingInScope, everythingListed].flatMap((scope) => placeAmong(parsed, names, scope)),
  )
}

function placeAmong(own: ParsedKey, names: readonly string[], scope: Scope): readonly ObjectPlace[] {
  const object: ListedObject = { bucket: '', key: '', sizeBytes: 0 }
  const objects = [own, ...names.map((rest) => ({ ...own, rest }))].map((key) => ({ object, key }))
  return classifyConversation(objects, scope)
    .slice(0, 1)
    .map(({ place }) => place)
}

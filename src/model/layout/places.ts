import type { ListedObject } from '../object.js'
import type { ObjectPlace } from '../verdict.js'
import { isPlainName, isUuid, mayBeRecordingId, type ParsedKey, parseKey, roleOf, sidecarSuffix } from './keys.js'

/** What the job's list says about ids. */
export interface Scope {
  covers(conversationId: string): boolean
  /** Whether the recordings of the conversation are known, so that any other one belongs to another job. */
  isListed(conversationId: string): boolean
  isExpected(recordingId: string, conversationId: string): boolean
  /** Whether the id is that of a recording of another conversation. */
  belongsElsewhere(recordingId: string, conversationId: string): boolean
  /** Whether a name may be the id of a recording, in a conversation whose recordings no list names. */
  mayBeRecording(name: string, conversationId: string): boolean
  /** Whether an object may have been delivered by the job, by when it was written. */
  isOfJob(object: ListedObject): boolean
}

/** Without a list everything counts as the job's. */
export const everythingInScope: Scope = {
  covers: () => true,
  isListed: () => false,
  isExpected: () => false,
  belongsElsewhere: () => false,
  mayBeRecording: mayBeRecordingId,
  isOfJob: () => true,
}

/** One object with the parts of its key. */
export interface LocatedObject {
  readonly object: ListedObject
  readonly key: ParsedKey
}

/** One object, and where it belongs. */
export interface ClassifiedObject {
  readonly object: ListedObject
  readonly place: ObjectPlace
  /** It is half of a recording that no list names, and the other half may still land. */
  readonly isHalf?: true | undefined
  /** Its name is not one of a recording that is known: no job is about to write it again. */
  readonly isForeign?: true | undefined
}

/** A file by its name alone: one that may be of a recording, one that is not, or a copy that proves no delivery. */
type NamedFile =
  | { readonly kind: 'recording' | 'sidecar'; readonly recordingId: string; readonly media: string }
  | { readonly kind: 'transcript' }
  | { readonly kind: 'attachment' }
  | { readonly kind: 'copy' }

function namedFile(rest: string): NamedFile {
  const role = roleOf(rest)
  if (role.role === 'transcript' || role.role === 'attachment') return { kind: role.role }
  const { recordingId } = role
  const media = role.role === 'sidecar' ? role.of : rest
  if (!isPlainName(media, recordingId)) return { kind: 'copy' }
  return { kind: role.role === 'sidecar' ? 'sidecar' : 'recording', recordingId, media }
}

/** The files in the folder of an object. */
export interface Neighbours {
  /** Whether a file of this name lies there. */
  lies(name: string): boolean
}

/**
 * Says what one object is. A name is not an identity. A recording is what the platform's list names. Without a
 * list, a recording is a file that is named by an id and has its sidecar. A sidecar is `X_metadata.json` where
 * such a file X lies or is expected (genesys-facts, what lands on S3). Files that pipelines and people put beside
 * these are attachments.
 *
 * Transcripts and attachments of a conversation that is in scope are evidence like its recordings. When in doubt
 * an object counts as evidence: to hold too much can be undone.
 *
 * @param neighbours asked for the sidecar of a media file, or for the file that a sidecar describes. One of the two
 *   names is the other with a suffix. A listing is in the order of bytes, so all keys between the two begin with the
 *   shorter one. A window over the keys with which the present one begins is therefore enough.
 */
export function classifyObject({ object, key }: LocatedObject, neighbours: Neighbours, scope: Scope): ClassifiedObject {
  const { conversationId, rest } = key
  if (!scope.covers(conversationId)) return { object, place: { kind: 'unexpected', conversationId } }
  const file = namedFile(rest)
  if (file.kind === 'transcript' || file.kind === 'attachment') {
    return { object, place: { kind: file.kind, conversationId } }
  }
  if (file.kind === 'copy') return foreign(object, conversationId)
  const { kind, recordingId, media } = file
  const place: ObjectPlace = { kind, conversationId, recordingId }
  if (scope.isExpected(recordingId, conversationId)) return { object, place }
  if (scope.belongsElsewhere(recordingId, conversationId)) return foreign(object, conversationId)
  if (!scope.mayBeRecording(recordingId, conversationId)) return foreign(object, conversationId)
  const isWhole = neighbours.lies(kind === 'sidecar' ? media : `${media}${sidecarSuffix}`)
  if (!scope.isListed(conversationId))
    return isWhole ? { object, place } : { isHalf: true, ...foreign(object, conversationId) }
  // What lands while the job delivers is held, whether the platform listed it or not.
  if (!isWhole || scope.isOfJob(object)) return foreign(object, conversationId)
  return { object, place: { kind: 'unexpected', conversationId, recordingId } }
}

function foreign(object: ListedObject, conversationId: string): ClassifiedObject {
  return { object, place: { kind: 'attachment', conversationId }, isForeign: true }
}

/** What a key says by itself, where neither its neighbours nor a list are known. */
export function placeByName({ conversationId, rest }: ParsedKey): ObjectPlace {
  const file = namedFile(rest)
  if (file.kind === 'transcript') return { kind: 'transcript', conversationId }
  const attachment: ObjectPlace = { kind: 'attachment', conversationId }
  if (file.kind === 'attachment' || file.kind === 'copy') return attachment
  const { kind, recordingId } = file
  // A customer may give a file any name: one that does not say that it is a sidecar is believed for its id only.
  const isBelieved = kind === 'sidecar' || isUuid(recordingId)
  return isBelieved && mayBeRecordingId(recordingId, conversationId)
    ? { kind, conversationId, recordingId }
    : attachment
}

/**
 * The places that an object of this key can have, regardless of the job's list and of neighbouring files. Empty
 * for a key that does not follow the layout.
 */
export function placesOf(key: string): readonly ObjectPlace[] {
  const parsed = parseKey(key)
  if (parsed === undefined) return []
  const { conversationId } = parsed
  const file = namedFile(parsed.rest)
  if (file.kind === 'transcript') return [{ kind: 'transcript', conversationId }]
  const attachment: ObjectPlace = { kind: 'attachment', conversationId }
  if (file.kind === 'attachment' || file.kind === 'copy') return [attachment]
  const { kind, recordingId } = file
  return [{ kind, conversationId, recordingId }, attachment]
}

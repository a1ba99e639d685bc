import { createHash } from 'node:crypto'
import { compareKeys } from '../../internal/key-order.js'
import type {
  AclGrant,
  ContentHeaders,
  ListedObject,
  ListedVersion,
  ObjectEncryption,
  ObjectRef,
  ObjectState,
  Retention,
} from '../../model/object.js'
import type { Clock } from '../../ports/runtime.js'

/** An object to put. Omitted properties get the values that S3 would set. */
export interface SeedObject {
  /** @defaultValue a few bytes: an empty file does not count as delivered */
  readonly body?: Uint8Array | string | undefined
  readonly metadata?: Readonly<Record<string, string>> | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  readonly headers?: ContentHeaders | undefined
  readonly storageClass?: string | undefined
  readonly encryption?: ObjectEncryption | undefined
  readonly legalHold?: 'ON' | 'OFF' | undefined
  readonly retention?: Retention | undefined
  readonly acl?: readonly AclGrant[] | undefined
  readonly archiveStatus?: string | undefined
  readonly replicationStatus?: string | undefined
  readonly missingMetadata?: number | undefined
}

/** One entry of a key's history. */
export type MemoryVersion =
  | { readonly versionId: string; readonly lastModified: string; readonly deleteMarker: true }
  | {
      readonly versionId: string
      readonly lastModified: string
      readonly deleteMarker: false
      readonly body: Uint8Array
      readonly etag: string
      object: SeedObject
    }

const defaultBody = 'content'

/** Keys and their versions, newest first. */
export class MemoryObjects {
  readonly #bucket: string
  readonly #versioning: boolean
  readonly #clock: Clock
  readonly #keys = new Map<string, MemoryVersion[]>()
  #sorted: readonly string[] | undefined
  #count = 0

  constructor(bucket: string, versioning: boolean, clock: Clock) {
    this.#bucket = bucket
    this.#versioning = versioning
    this.#clock = clock
  }

  put(key: string, object: SeedObject): ObjectRef {
    const { body: content = defaultBody } = object
    const body = typeof content === 'string' ? new TextEncoder().encode(content) : content
    const etag = `"${createHash('md5').update(body).digest('hex')}"`
    const version: MemoryVersion = { ...this.#next(), deleteMarker: false, body, etag, object }
    this.#push(key, version)
    return { bucket: this.#bucket, key, versionId: this.#versioning ? version.versionId : undefined }
  }

  delete(key: string): void {
    if (this.#versioning) this.#push(key, { ...this.#next(), deleteMarker: true })
    else {
      this.#keys.delete(key)
      this.#sorted = undefined
    }
  }

  history(key: string): readonly MemoryVersion[] {
    return this.#keys.get(key) ?? []
  }

  /** The given version, or the current one. */
  find(key: string, versionId?: string): MemoryVersion | undefined {
    const history = this.#keys.get(key)
    return versionId === undefined ? history?.[0] : history?.find((version) => version.versionId === versionId)
  }

  /** Keys whose current version is an object, in UTF-8 byte order. */
  currentKeys(prefix: string, startAfter?: string): readonly string[] {
    return this.allKeys(prefix, startAfter).filter((key) => this.#isCurrent(key))
  }

  /** Keys with any history, deleted ones included, in UTF-8 byte order. */
  allKeys(prefix: string, startAfter?: string): readonly string[] {
    const sorted = this.#inOrder()
    const isBehind = startAfter !== undefined && compareKeys(startAfter, prefix) >= 0
    let at = isBehind ? firstFrom(sorted, startAfter) : firstFrom(sorted, prefix)
    if (sorted[at] === startAfter) at += 1
    let end = at
    while (sorted[end]?.startsWith(prefix)) end += 1
    return sorted.slice(at, end)
  }

  /** What lies beneath a prefix, up to the next slash, where an object is current. Each folder is looked into once. */
  folders(prefix: string): readonly string[] {
    const sorted = this.#inOrder()
    const folders: string[] = []
    let at = firstFrom(sorted, prefix)
    for (let key = sorted[at]; key?.startsWith(prefix); key = sorted[at]) {
      const end = key.indexOf('/', prefix.length)
      if (end < 0 || !this.#isCurrent(key)) {
        at += 1
        continue
      }
      folders.push(key.slice(0, end + 1))
      // `0` is the character after `/`.
      at = firstFrom(sorted, `${key.slice(0, end)}0`)
    }
    return folders
  }

  #isCurrent(key: string): boolean {
    return this.find(key)?.deleteMarker === false
  }

  /** All keys. They are sorted again only once one came or went: a run lists each hour of a bucket. */
  #inOrder(): readonly string[] {
    this.#sorted ??= [...this.#keys.keys()].sort(compareKeys)
    return this.#sorted
  }

  listedVersions(key: string): readonly ListedVersion[] {
    return this.history(key).map((version, at) => ({
      bucket: this.#bucket,
      key,
      versionId: version.versionId,
      isLatest: at === 0,
      deleteMarker: version.deleteMarker,
      lastModified: version.lastModified,
      ...(version.deleteMarker
        ? { sizeBytes: 0 }
        : {
            sizeBytes: version.body.length,
            etag: version.etag,
            storageClass: version.object.storageClass ?? 'STANDARD',
          }),
    }))
  }

  listed(key: string, version: Extract<MemoryVersion, { deleteMarker: false }>): ListedObject {
    return {
      bucket: this.#bucket,
      key,
      sizeBytes: version.body.length,
      etag: version.etag,
      lastModified: version.lastModified,
      storageClass: version.object.storageClass ?? 'STANDARD',
    }
  }

  stateOf(key: string, version: Extract<MemoryVersion, { deleteMarker: false }>): ObjectState {
    const { object } = version
    const tags: Record<string, string> = Object.assign(Object.create(null), object.tags)
    return {
      bucket: this.#bucket,
      key,
      versionId: this.#versioning ? version.versionId : undefined,
      sizeBytes: version.body.length,
      etag: version.etag,
      lastModified: version.lastModified,
      metadata: lowerCase(object.metadata ?? {}),
      missingMetadata: object.missingMetadata,
      headers: object.headers ?? {},
      storageClass: object.storageClass,
      archiveStatus: object.archiveStatus,
      encryption: object.encryption ?? {},
      replicationStatus: object.replicationStatus,
      tagCount: Object.keys(tags).length,
      tags,
      legalHold: object.legalHold ?? 'OFF',
      retention: object.retention ?? 'none',
      acl: object.acl ?? 'bucket-owner-enforced',
    }
  }

  /** Whether a version is still the one that was read. */
  isSame(
    version: Extract<MemoryVersion, { deleteMarker: false }>,
    read: Pick<ObjectState, 'etag' | 'versionId'>,
  ): boolean {
    return version.etag === read.etag && (read.versionId === undefined || read.versionId === version.versionId)
  }

  #next(): { versionId: string; lastModified: string } {
    this.#count += 1
    return { versionId: `v${this.#count}`, lastModified: new Date(this.#clock.now()).toISOString() }
  }

  #push(key: string, version: MemoryVersion): void {
    if (!this.#keys.has(key)) this.#sorted = undefined
    const older = this.#versioning ? (this.#keys.get(key) ?? []) : []
    this.#keys.set(key, [version, ...older])
  }
}

function lowerCase(metadata: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const lower: Record<string, string> = Object.create(null)
  for (const [name, value] of Object.entries(metadata)) lower[name.toLowerCase()] = value
  return lower
}

/** The number of the first key that is not before a text. */
function firstFrom(sorted: readonly string[], text: string): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareKeys(sorted[middle] ?? '', text) < 0) low = middle + 1
    else high = middle
  }
  return low
}

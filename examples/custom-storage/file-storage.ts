// A storage of your own: a folder in place of a bucket. One file holds an object's content, one beside it the rest.
import { createHash } from 'node:crypto'
import { readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type * as port from 'genesys-legal-hold-exporter'
import { LegalHoldError, type LegalHoldErrorCode } from 'genesys-legal-hold-exporter'

type Texts = Readonly<Record<string, string>>
type Given = { metadata?: Texts | undefined; tags?: Texts | undefined; contentType?: string | undefined }
type Stored = Pick<port.ObjectState, 'key' | 'etag' | 'checksum' | 'sizeBytes'> &
  Given & { metadata: Texts; tags: Texts }

export class FileStorage implements port.StorageAdapter {
  readonly name = 'file'
  readonly capabilities = { versioning: false, objectLock: false, tags: true, metadataUpdate: 'in-place' } as const

  constructor(readonly bucket: string) {}

  /** Not part of the port: how objects come here. */
  async put(key: string, body: string, given: Given = {}) {
    const digest = (algorithm: string) => createHash(algorithm).update(body)
    const etag = `"${digest('md5').digest('hex')}"`
    const checksum = { algorithm: 'SHA256', value: digest('sha256').digest('base64'), type: 'FULL_OBJECT' } as const
    await writeFile(this.#path(key, 'bin'), body)
    const { metadata = {}, tags = {}, contentType } = given
    await this.#save({ key, etag, checksum, sizeBytes: Buffer.byteLength(body), metadata, tags, contentType })
  }

  async inspectBucket(): Promise<port.BucketInspection> {
    return { bucket: this.bucket, versioning: 'Off', objectLock: 'Off', findings: [] }
  }

  async *list(prefix: string, options: port.CallOptions & { startAfter?: string | undefined } = {}) {
    for (const { key, sizeBytes, etag } of await this.#all(prefix, options)) {
      const isLater = Buffer.compare(Buffer.from(key), Buffer.from(options.startAfter ?? '')) > 0
      if (isLater) yield { bucket: this.bucket, key, sizeBytes, etag } satisfies port.ListedObject
    }
  }

  async *listFolders(prefix: string, options: port.CallOptions = {}) {
    const ends = (await this.#all(prefix, options)).map(({ key }) => [key, key.indexOf('/', prefix.length)] as const)
    yield* new Set(ends.flatMap(([key, end]) => (end < 0 ? [] : [key.slice(0, end + 1)])))
  }

  async head(ref: port.ObjectRef, options: port.CallOptions = {}): Promise<port.HeadResult> {
    const stored = await this.#read(ref.key, options)
    if (stored === undefined) return { found: false, deleteMarker: false }
    const { key, metadata, contentType, ...rest } = stored
    const named = Object.entries(metadata).map(([name, value]) => [name.toLowerCase(), value] as const)
    const lowerCase: Texts = Object.assign(Object.create(null), Object.fromEntries(named))
    const state = { bucket: this.bucket, key, metadata: lowerCase, headers: { contentType }, encryption: {}, ...rest }
    return { found: true, state }
  }

  async replaceMetadata(
    before: port.ObjectState,
    metadata: Texts,
    options: port.CallOptions = {},
  ): Promise<port.MutationResult> {
    return this.#change(before, options, (now) => (now.etag === before.etag ? { metadata } : undefined))
  }

  async mergeTags(ref: port.ObjectRef, tags: Texts, options: port.MergeTagsOptions = {}): Promise<port.MutationResult> {
    const { expected } = options
    return this.#change(ref, options, (now) => {
      const isOther = expected !== undefined && Object.keys(tags).some((name) => now.tags[name] !== expected[name])
      return isOther ? undefined : { tags: { ...now.tags, ...tags } }
    })
  }

  putLegalHold(ref: port.ObjectRef): Promise<never> {
    return fail('STORAGE_UNSUPPORTED', `${ref.key}: a folder has no Object Lock.`)
  }

  putRetention(ref: port.ObjectRef): Promise<never> {
    return this.putLegalHold(ref)
  }

  async #change(ref: port.ObjectRef, options: port.CallOptions, change: (now: Stored) => Partial<Stored> | undefined) {
    const now = (await this.#read(ref.key, options)) ?? (await fail('OBJECT_NOT_FOUND', `${ref.key} is not here.`))
    await this.#save({ ...now, ...(change(now) ?? (await fail('OBJECT_CHANGED', `${ref.key} was changed.`))) })
    return { etag: now.etag }
  }

  /** Keys are hostile: no part of one becomes part of a path. */
  #path(key: string, extension: string): string {
    return join(this.bucket, `${createHash('sha256').update(key).digest('hex')}.${extension}`)
  }

  async #read(key: string, { signal }: port.CallOptions): Promise<Stored | undefined> {
    if (signal?.aborted) return fail('ABORTED', 'The call was aborted.')
    const text = await readFile(this.#path(key, 'json'), 'utf8').catch((error) =>
      error.code === 'ENOENT' ? undefined : fail('STORAGE_UNAVAILABLE', `${key} could not be read: ${error.code}`),
    )
    return text === undefined ? undefined : JSON.parse(text)
  }

  async #save(stored: Stored): Promise<void> {
    await writeFile(this.#path(stored.key, 'new'), JSON.stringify(stored))
    await rename(this.#path(stored.key, 'new'), this.#path(stored.key, 'json'))
  }

  async #all(prefix: string, { signal }: port.CallOptions): Promise<Stored[]> {
    if (signal?.aborted) return fail('ABORTED', 'The call was aborted.')
    const files = (await readdir(this.bucket)).filter((file) => file.endsWith('.json'))
    const all = await Promise.all(
      files.map(async (file) => JSON.parse(await readFile(join(this.bucket, file), 'utf8'))),
    )
    const within: Stored[] = all.filter(({ key }) => key.startsWith(prefix))
    return within.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))
  }
}

async function fail(code: LegalHoldErrorCode, message: string): Promise<never> {
  throw new LegalHoldError(message, { code, stage: 'remediate', retryable: code === 'STORAGE_UNAVAILABLE' })
}

import { type BlobStore, FileBlobs, MemoryBlobs, releaseBody, retainBody } from '../content/blobs.js'
import { KeyIndex } from './key-index.js'
import type { ObjectVersion } from './object-version.js'
import type { Bucket, BucketSettings, MultipartUpload, UploadPart } from './state.js'
import { StateFile, type StateRecord } from './state-file.js'

/** Everything the simulator remembers. All changes go through here, so that they can be written down. */
export class Store {
  readonly buckets = new Map<string, Bucket>()
  readonly blobs: BlobStore
  readonly #file: StateFile | undefined
  #sequence = 0

  constructor(dataDir?: string) {
    if (dataDir === undefined) {
      this.blobs = new MemoryBlobs()
      return
    }
    const blobs = new FileBlobs(StateFile.blobFolder(dataDir))
    this.blobs = blobs
    const file = new StateFile(dataDir)
    for (const record of file.load()) this.#replay(record)
    file.compact(this.#records())
    this.#file = file
    blobs.removeUnheld()
  }

  nextSequence(): number {
    this.#sequence += 1
    return this.#sequence
  }

  /** Creates a bucket or changes the settings of one. */
  saveBucket(settings: BucketSettings): Bucket {
    const bucket = this.#setBucket(settings)
    this.#file?.append({ kind: 'bucket', settings })
    return bucket
  }

  removeBucket(name: string): void {
    const bucket = this.buckets.get(name)
    for (const upload of [...(bucket?.uploads.values() ?? [])]) this.removeUpload(name, upload)
    this.buckets.delete(name)
    this.#file?.append({ kind: 'bucket-gone', name })
  }

  /** Puts a version on top of its key, or in place of the one with the same id. */
  saveVersion(bucketName: string, version: ObjectVersion): void {
    this.#setVersion(bucketName, version)
    if (version.sequence === this.#sequence) this.#touch(bucketName, version.key)
    this.#file?.append({ kind: 'version', bucket: bucketName, version })
  }

  removeVersion(bucketName: string, version: Pick<ObjectVersion, 'key' | 'versionId'>): void {
    this.#dropVersion(bucketName, version.key, version.versionId)
    this.#touch(bucketName, version.key)
    this.#file?.append({
      kind: 'version-gone',
      bucket: bucketName,
      key: version.key,
      versionId: version.versionId,
    })
  }

  saveUpload(bucketName: string, upload: MultipartUpload): void {
    this.buckets.get(bucketName)?.uploads.set(upload.uploadId, upload)
    this.#file?.append(uploadRecord(bucketName, upload))
  }

  savePart(bucketName: string, uploadId: string, part: UploadPart): void {
    this.#setPart(bucketName, uploadId, part)
    this.#file?.append({ kind: 'part', bucket: bucketName, uploadId, part })
  }

  removeUpload(bucketName: string, upload: Pick<MultipartUpload, 'uploadId'>): void {
    this.#dropUpload(bucketName, upload.uploadId)
    this.#file?.append({ kind: 'upload-gone', bucket: bucketName, uploadId: upload.uploadId })
  }

  close(): void {
    this.#file?.close()
  }

  #touch(bucketName: string, key: string): void {
    const bucket = this.buckets.get(bucketName)
    if (bucket === undefined) return
    if (bucket.uploads.size === 0) bucket.touched.clear()
    else bucket.touched.set(key, this.nextSequence())
  }

  #setBucket(settings: BucketSettings): Bucket {
    const known = this.buckets.get(settings.name)
    if (known !== undefined) {
      known.settings = settings
      return known
    }
    const bucket: Bucket = { settings, objects: new KeyIndex(), uploads: new Map(), touched: new Map() }
    this.buckets.set(settings.name, bucket)
    return bucket
  }

  #setVersion(bucketName: string, version: ObjectVersion): void {
    const objects = this.buckets.get(bucketName)?.objects
    if (objects === undefined) return
    const versions = objects.get(version.key)
    const replaced = versions.find((other) => other.versionId === version.versionId)
    retainBody(this.blobs, version.body)
    if (replaced !== undefined) releaseBody(this.blobs, replaced.body)
    const others = versions.filter((other) => other !== replaced)
    // An in-place change keeps its sequence and with it its place.
    const at = others.findIndex((other) => other.sequence < version.sequence)
    objects.set(version.key, others.toSpliced(at < 0 ? others.length : at, 0, version))
    this.#sequence = Math.max(this.#sequence, version.sequence)
  }

  #dropVersion(bucketName: string, key: string, versionId: string): void {
    const objects = this.buckets.get(bucketName)?.objects
    const dropped = objects?.get(key).find((version) => version.versionId === versionId)
    if (objects === undefined || dropped === undefined) return
    objects.set(
      key,
      objects.get(key).filter((version) => version !== dropped),
    )
    releaseBody(this.blobs, dropped.body)
  }

  #setPart(bucketName: string, uploadId: string, part: UploadPart): void {
    const parts = this.buckets.get(bucketName)?.uploads.get(uploadId)?.parts
    if (parts === undefined) return
    const replaced = parts.get(part.number)
    retainBody(this.blobs, part.body)
    parts.set(part.number, part)
    if (replaced !== undefined) releaseBody(this.blobs, replaced.body)
  }

  #dropUpload(bucketName: string, uploadId: string): void {
    const uploads = this.buckets.get(bucketName)?.uploads
    for (const part of uploads?.get(uploadId)?.parts.values() ?? []) releaseBody(this.blobs, part.body)
    uploads?.delete(uploadId)
  }

  #replay(record: StateRecord): void {
    switch (record.kind) {
      case 'bucket':
        this.#setBucket(record.settings)
        return
      case 'bucket-gone':
        this.buckets.delete(record.name)
        return
      case 'version':
        this.#setVersion(record.bucket, record.version)
        return
      case 'version-gone':
        this.#dropVersion(record.bucket, record.key, record.versionId)
        return
      case 'upload':
        this.buckets.get(record.bucket)?.uploads.set(record.upload.uploadId, { ...record.upload, parts: new Map() })
        this.#sequence = Math.max(this.#sequence, record.upload.sequence)
        return
      case 'part':
        this.#setPart(record.bucket, record.uploadId, record.part)
        return
      case 'upload-gone':
        this.#dropUpload(record.bucket, record.uploadId)
        return
    }
  }

  *#records(): Generator<StateRecord> {
    for (const [bucket, { settings, objects, uploads }] of this.buckets) {
      yield { kind: 'bucket', settings }
      for (const versions of objects.all()) {
        for (const version of versions) yield { kind: 'version', bucket, version }
      }
      for (const upload of uploads.values()) {
        yield uploadRecord(bucket, upload)
        for (const part of upload.parts.values()) yield { kind: 'part', bucket, uploadId: upload.uploadId, part }
      }
    }
  }
}

function uploadRecord(bucket: string, upload: MultipartUpload): StateRecord {
  const { parts: _, ...rest } = upload
  return { kind: 'upload', bucket, upload: rest }
}

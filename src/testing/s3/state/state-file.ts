import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { ObjectVersion } from './object-version.js'
import type { BucketSettings, MultipartUpload, UploadPart } from './state.js'

/** One change of the simulator's state. */
export type StateRecord =
  | { readonly kind: 'bucket'; readonly settings: BucketSettings }
  | { readonly kind: 'bucket-gone'; readonly name: string }
  | { readonly kind: 'version'; readonly bucket: string; readonly version: ObjectVersion }
  | { readonly kind: 'version-gone'; readonly bucket: string; readonly key: string; readonly versionId: string }
  | { readonly kind: 'upload'; readonly bucket: string; readonly upload: Omit<MultipartUpload, 'parts'> }
  | { readonly kind: 'part'; readonly bucket: string; readonly uploadId: string; readonly part: UploadPart }
  | { readonly kind: 'upload-gone'; readonly bucket: string; readonly uploadId: string }

/**
 * The state as a file of changes, one JSON document a line. A change is handed to the operating system before its
 * request is answered, so a killed process loses nothing that it has answered for. A torn last line undoes itself.
 */
export class StateFile {
  readonly #path: string
  #descriptor: number | undefined

  constructor(dataDir: string) {
    mkdirSync(dataDir, { recursive: true })
    this.#path = join(dataDir, 's3-state.jsonl')
  }

  static blobFolder(dataDir: string): string {
    return join(dataDir, 's3-bodies')
  }

  *load(): Generator<StateRecord> {
    if (!existsSync(this.#path)) return
    const bytes = readFileSync(this.#path)
    // Line by line on the bytes: the whole file may be longer than a string can be.
    for (let start = 0; ; ) {
      const end = bytes.indexOf(0x0a, start)
      if (end < 0) return
      yield JSON.parse(bytes.toString('utf8', start, end)) as StateRecord
      start = end + 1
    }
  }

  /** Rewrites the file with nothing but the present state, in one step, and resumes from there. */
  compact(records: Iterable<StateRecord>): void {
    const fresh = `${this.#path}.new`
    const descriptor = openSync(fresh, 'w')
    for (const record of records) writeSync(descriptor, line(record))
    closeSync(descriptor)
    renameSync(fresh, this.#path)
    this.#descriptor = openSync(this.#path, 'a')
  }

  append(record: StateRecord): void {
    if (this.#descriptor !== undefined) writeSync(this.#descriptor, line(record))
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
  }
}

function line(record: StateRecord): string {
  return `${JSON.stringify(record)}\n`
}

import { Fields } from '../../http/fields.js'
import type { S3Request } from './request.js'

/** A request that the simulator answered. */
export interface LoggedRequest {
  /** 1 for the first request. */
  readonly sequence: number
  /** Name in the S3 API reference, e.g. `CopyObject`; `Unknown` if the request names no operation. */
  readonly operation: string
  readonly method: string
  readonly bucket: string | undefined
  readonly key: string | undefined
  /** Version that was read or written, else the one that was asked for. */
  readonly versionId: string | undefined
  /** HTTP status; 0 if the connection was dropped. */
  readonly status: number
  /** Code of the error document. */
  readonly errorCode: string | undefined
  /** Headers of the request, without those that carry credentials. */
  readonly headers: ReadonlyMap<string, string>
}

const secret = /^(authorization|cookie|x-amz-security-token|.*-customer-key)$/

type Outcome = Pick<LoggedRequest, 'operation' | 'versionId' | 'status' | 'errorCode'>

/** What is noted at each request; how it reads is worked out for those that somebody looks at. */
interface Noted {
  readonly entry: Omit<LoggedRequest, 'headers'>
  readonly headers: string
}

/** The last requests, and how many there were of each operation. */
export class RequestLog {
  readonly #noted: Noted[] = []
  readonly #read = new WeakMap<Noted, LoggedRequest>()
  readonly #counts = new Map<string, number>()
  readonly #limit: number
  #sequence = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  add(request: S3Request, outcome: Outcome): void {
    this.#sequence += 1
    this.#counts.set(outcome.operation, (this.#counts.get(outcome.operation) ?? 0) + 1)
    const { method, bucket, key } = request
    const { operation, versionId, status, errorCode } = outcome
    const entry = { sequence: this.#sequence, method, bucket, key, operation, versionId, status, errorCode }
    this.#noted.push({ entry, headers: request.headers.asText() })
    // Dropped in batches: shifting one at a time would move the whole list for each request.
    if (this.#noted.length >= this.#limit * 2) this.#noted.splice(0, this.#noted.length - this.#limit)
  }

  get entries(): readonly LoggedRequest[] {
    return this.#noted.slice(-this.#limit).map((noted) => this.#entryOf(noted))
  }

  counts(): Record<string, number> {
    return Object.fromEntries(this.#counts)
  }

  clear(): void {
    this.#noted.length = 0
    this.#counts.clear()
  }

  #entryOf(noted: Noted): LoggedRequest {
    const known = this.#read.get(noted)
    if (known !== undefined) return known
    const headers = new Map([...Fields.fromText(noted.headers)].filter(([name]) => !secret.test(name)))
    const entry = { ...noted.entry, headers }
    this.#read.set(noted, entry)
    return entry
  }
}

import type { S3Request } from './request.js'

/** A request that the simulator answered. */
export interface LoggedRequest {
  /** 1 for the first request. */
  readonly sequence: number
  /** Name in the S3 API reference, e.g. `CopyObject`; `Unknown` where the request names no operation. */
  readonly operation: string
  readonly method: string
  readonly bucket: string | undefined
  readonly key: string | undefined
  /** Version that was read or written, else the one that was asked for. */
  readonly versionId: string | undefined
  /** HTTP status; 0 where the connection was dropped. */
  readonly status: number
  /** Code of the error document. */
  readonly errorCode: string | undefined
  /** Headers of the request, without those that carry credentials. */
  readonly headers: ReadonlyMap<string, string>
}

const secret = /^(authorization|cookie|x-amz-security-token|.*-customer-key)$/

/** The last requests, and how many there were of each operation. */
export class RequestLog {
  readonly #entries: LoggedRequest[] = []
  readonly #counts = new Map<string, number>()
  readonly #limit: number
  #sequence = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  add(request: S3Request, outcome: Pick<LoggedRequest, 'operation' | 'versionId' | 'status' | 'errorCode'>): void {
    this.#sequence += 1
    this.#counts.set(outcome.operation, (this.#counts.get(outcome.operation) ?? 0) + 1)
    this.#entries.push({
      sequence: this.#sequence,
      method: request.method,
      bucket: request.bucket,
      key: request.key,
      headers: new Map([...request.headers].filter(([name]) => !secret.test(name))),
      ...outcome,
    })
    // Dropped in batches: shifting one at a time would move the whole list for each request.
    if (this.#entries.length >= this.#limit * 2) this.#entries.splice(0, this.#entries.length - this.#limit)
  }

  get entries(): readonly LoggedRequest[] {
    return this.#entries.slice(-this.#limit)
  }

  counts(): Record<string, number> {
    return Object.fromEntries(this.#counts)
  }

  clear(): void {
    this.#entries.length = 0
    this.#counts.clear()
  }
}

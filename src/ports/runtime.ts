/** Options of every I/O call. An aborted signal rejects the call with `ABORTED`. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

/** Time, injected so that tests need not wait. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Resolves after `ms`; rejects at once with the signal's reason when it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/**
 * `console`, pino and winston can be passed directly. Each message comes with plain data, mostly `{ err }`. pino
 * gets the data before the message, every other logger after it.
 */
export interface Logger {
  debug(message: string, ...details: unknown[]): void
  info(message: string, ...details: unknown[]): void
  warn(message: string, ...details: unknown[]): void
  error(message: string, ...details: unknown[]): void
}

/** A service as an error names it when it does not answer. */
export interface ServiceAddress {
  /** `Genesys Cloud`, `S3`, or your own. */
  readonly name: string
  /** Host and port, as far as they are known. */
  readonly address: string
  /** What to check. */
  readonly advice: string
}

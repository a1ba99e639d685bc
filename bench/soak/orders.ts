/** The hold that everything has to carry in the end. */
export const tag = 'soak-2026-11'
export const bucket = 'soak-recordings'

/** What the servers are told by their command line. */
export interface ServerOrders {
  /** Objects to deliver, within some percent. */
  readonly objects: number
  /** Share of the requests that meet a fault, from 0 to 1. */
  readonly faults: number
  readonly seed: string
}

/** What the servers say once they listen. */
export interface ServerDescription {
  readonly genesysEndpoint: string
  readonly s3Endpoint: string
  readonly interval: { readonly start: string; readonly end: string }
  readonly recordingIds: readonly string[]
  readonly failAtSourceIds: readonly string[]
  /** Objects that the export delivers. */
  readonly objects: number
  /** Objects that were in the bucket before. */
  readonly others: number
}

/** What the servers say when asked to look at themselves. */
export interface ServerState {
  /** Requests that met a fault, by service and kind of fault. */
  readonly faults: Readonly<Record<string, number>>
  readonly requests: number
  readonly keys: readonly string[]
  /** Objects that were delivered without the hold. */
  readonly delivered: { readonly stamped: number; readonly bare: number }
  /** What is wrong with the bucket or the jobs: the first few of it, in words. */
  readonly wrongs: readonly string[]
  readonly wrongCount: number
}

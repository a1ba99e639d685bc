import { s3Prices } from '../../src/model/prices.ts'
import { type Contender, script } from '../contenders.ts'
import type { Counts } from './record.ts'

/** What one whole run of a contender came to, by its own account and by that of the server. */
export interface WholeRun {
  readonly objects: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly peakRssBytes: number
  readonly counts: Counts
}

/** Runs of this library, which differ in how they are started (bench/contenders/library-run.mjs). */
const libraryRuns: readonly (readonly [name: string, does: string, ...mode: string[]])[] = [
  ['library-run', 'list, HEAD, verdict, repair, everything read back, journal on the disk, evidence sealed'],
  ['library-run-default-heap', 'the same in a program that leaves the heap as Node sets it', 'default-heap'],
  [
    'library-run-no-journal',
    'the same without a journal and evidence: it leaves no more behind than the loops',
    'no-journal',
  ],
]
const libraries = (objectLock: boolean): Contender[] =>
  libraryRuns.map(([name, does, ...mode]) =>
    script(name, does, 'genesys-legal-hold-exporter', ['library-run', lock(objectLock), ...mode]),
  )
const plain = (objectLock: boolean): Contender =>
  script('aws-sdk-run', 'list, HEAD, CopyObject, HEAD', '@aws-sdk/client-s3', ['aws-sdk-run', lock(objectLock)])
const careful = (objectLock: boolean): Contender =>
  script(
    'aws-sdk-run-careful',
    objectLock
      ? 'list, HEAD, tags, hold, retention, PutObjectLegalHold, CopyObject, HEAD, tags, hold, versions'
      : 'list, HEAD, tags, CopyObject, HEAD, tags, versions',
    '@aws-sdk/client-s3',
    ['aws-sdk-run-careful', lock(objectLock)],
  )

const lock = (objectLock: boolean) => (objectLock ? 'object-lock' : 'no-object-lock')

/** Everything that repairs a whole bucket, this library first. */
export function wholeContenders(objectLock: boolean): Contender[] {
  return [...libraries(objectLock), plain(objectLock), careful(objectLock)]
}

/** All requests of a run for each of its objects, listings and what is asked once included. */
export function requestsPerObject({ counts, objects }: WholeRun): number {
  return Object.values(counts.requests).reduce((sum, number) => sum + number, 0) / objects
}

/** What those requests cost for a million objects by the public price list, in US dollars. */
export function dollarsPerMillion({ counts, objects }: WholeRun): number {
  const { listsPer1000, classes } = s3Prices
  const { writesPer1000 = Number.NaN, readsPer1000 = Number.NaN } = classes.STANDARD ?? {}
  const dollars = Object.entries(counts.requests).reduce((sum, [operation, number]) => {
    // Deletions and aborts are free.
    if (/^(Delete|Abort)/.test(operation)) return sum
    const per1000 = /^List/.test(operation)
      ? listsPer1000
      : /^(Get|Head)/.test(operation)
        ? readsPer1000
        : writesPer1000
    return sum + (number / 1000) * per1000
  }, 0)
  return (dollars / objects) * 1_000_000
}

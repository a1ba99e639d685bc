import { realpath } from 'node:fs/promises'
import { sep } from 'node:path'
import type { CustodyPredicate } from '../custody/bundle/contents.js'
import type { EvidenceProblem, VerificationStatus } from '../custody/bundle/problem.js'
import { answerOf } from '../custody/page/answer.js'
import { utc } from '../custody/page/text.js'
import { readBundleReport } from '../custody/verify/bundle-report.js'
import { type ProofVerification, verifyProof } from '../custody/verify/prove.js'
import { type EvidenceVerification, verifyEvidence } from '../custody/verify/verify.js'
import { counted, figure } from '../internal/text/counted.js'
import type { S3StorageAdapter } from '../storage/s3/adapter.js'
import { ArgumentError, fileOf, needed, readArguments } from './arguments.js'
import { exitCodeOfVerification } from './exit-codes.js'
import { pairs, shown, type Terminal } from './terminal.js'

const flags = {
  key: 'text',
  fingerprint: 'text',
  tsa: 'text',
  previous: 'text',
  record: 'text',
  proof: 'text',
  live: 'flag',
  region: 'text',
  's3-endpoint': 'text',
  json: 'flag',
} as const

const bundleFlags = ['tsa', 'previous', 'record', 'live', 'region', 's3-endpoint'] as const

/** `verify DIR`, or `verify --proof FILE`. */
export async function verifyCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  const given = readArguments(args, flags)
  const publicKey = await fileOf('key', given.text('key'))
  const key = { publicKey, fingerprint: given.text('fingerprint') }
  const proof = await fileOf('proof', given.text('proof'))
  if (proof !== undefined) {
    needed(given.positionals, [])
    const wrong = bundleFlags.find((name) => given.text(name) !== undefined || given.flag(name))
    // Passed over, it would look as if it had been checked.
    if (wrong !== undefined) throw new ArgumentError(`--${wrong} is about a bundle, not about a proof.`)
    const verification = verifyProof(proof, key)
    if (given.flag('json')) terminal.out(JSON.stringify(verification, null, 2))
    else tellProof(verification, terminal)
    return exitCodeOfVerification(verification)
  }
  const [dir = ''] = needed(given.positionals, ['DIR'])
  const opened: S3StorageAdapter[] = []
  const live = async (predicate: CustodyPredicate) => {
    const storage = await storageOf(predicate, given.text('region'), given.text('s3-endpoint'), terminal)
    opened.push(storage)
    return storage
  }
  try {
    const verification = await verifyEvidence(dir, {
      ...key,
      tsaCa: await fileOf('tsa', given.text('tsa')),
      previous: given.text('previous'),
      record: given.text('record'),
      live: given.flag('live') ? live : undefined,
      signal: terminal.signal,
    })
    if (given.flag('json')) terminal.out(JSON.stringify(verification, null, 2))
    else await tell(dir, verification, terminal)
    if (await liesWithin(given.text('key'), dir)) {
      terminal.err('note: this key lies inside the bundle. It shows that the bundle fits together, not who signed it.')
    }
    return exitCodeOfVerification(verification)
  } finally {
    for (const storage of opened) storage.close()
  }
}

const headings: Readonly<Record<VerificationStatus, string>> = {
  verifies: 'VERIFIES',
  'not-authenticated': 'NOT AUTHENTICATED: what was found fits together, and nobody knows who signed it',
  'does-not-verify': 'DOES NOT VERIFY',
}

async function tell(dir: string, verification: EvidenceVerification, terminal: Terminal): Promise<void> {
  const { verified, status, problems, notes, predicate, claimedFingerprint, timestamp, record, live } = verification
  terminal.out(headings[status])
  tellProblems(problems, terminal)
  for (const note of notes) terminal.out(`  note: ${shown(note)}`)
  if (!verified && claimedFingerprint !== undefined) terminal.out(`  fingerprint found: ${shown(claimedFingerprint)}`)
  if (verified && predicate !== undefined) {
    const stamped =
      timestamp && `${timestamp.time} by ${timestamp.authority}${timestamp.trusted ? '' : ' (not checked)'}`
    terminal.out(pairs([...factsOf(predicate), ['signed with', claimedFingerprint], ['time stamp', stamped]]))
    terminal.out(`  ${shown(answerOf(await readBundleReport(dir)))}`)
  }
  if (live !== undefined)
    terminal.out(`  live: ${counted(live.checked, 'object')} read, ${figure(live.drifted)} drifted`)
  if (record !== undefined) {
    terminal.out(`record on line ${record.line}:\n${shown(JSON.stringify(record.record))}`)
  }
}

function tellProof({ verified, status, problems, record, predicate }: ProofVerification, terminal: Terminal): void {
  terminal.out(headings[status])
  tellProblems(problems, terminal)
  if (!verified || predicate === undefined) return
  terminal.out(pairs(factsOf(predicate)))
  terminal.out(`record:\n${shown(JSON.stringify(record))}`)
}

const mostProblems = 50

function tellProblems(problems: readonly EvidenceProblem[], terminal: Terminal): void {
  for (const { code, message, file, line } of problems.slice(0, mostProblems)) {
    const where = file === undefined ? '' : ` ${shown(file)}${line === undefined ? '' : `:${line}`}`
    terminal.out(`  ${code}${where}: ${shown(message)}`)
  }
  if (problems.length > mostProblems)
    terminal.out(`  … and ${figure(problems.length - mostProblems)} more (--json lists them)`)
}

function factsOf({ hold, runId, sealedAt, storage, interval, counts, log }: CustodyPredicate) {
  return [
    ['matter', hold.matter],
    ['hold', hold.tag],
    ['interval', `${utc(interval.start)} to ${utc(interval.end)}`],
    ['bucket', storage.bucket],
    ['run', runId],
    ['sealed', utc(sealedAt)],
    ['records', `${figure(log.treeSize)}, about ${counted(counts.recordings.expected, 'recording')}`],
  ] as [string, string | undefined][]
}

/** The S3 adapter is loaded only where it is needed: to verify takes no AWS package. */
async function storageOf(
  { storage }: CustodyPredicate,
  region: string | undefined,
  endpoint: string | undefined,
  { env }: Terminal,
): Promise<S3StorageAdapter> {
  const where = region ?? storage.region ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION
  if (where === undefined) throw new ArgumentError('--live needs the region of the bucket: --region, or AWS_REGION.')
  const { S3StorageAdapter } = await import('../storage/s3/adapter.js')
  return new S3StorageAdapter({
    bucket: storage.bucket,
    region: where,
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
  })
}

async function liesWithin(file: string | undefined, dir: string): Promise<boolean> {
  if (file === undefined) return false
  return (await realpath(file)).startsWith((await realpath(dir)) + sep)
}

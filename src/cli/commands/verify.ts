import { realpath } from 'node:fs/promises'
import { sep } from 'node:path'
import type { CustodyPredicate } from '../../custody/bundle/contents.js'
import type { EvidenceProblem, VerificationStatus } from '../../custody/bundle/problem.js'
import { answerOf } from '../../custody/page/answer.js'
import { utc } from '../../custody/page/text.js'
import { readBundleReport } from '../../custody/verify/bundle-report.js'
import { type EvidenceVerification, verifyEvidence } from '../../custody/verify/verify.js'
import { type ProofVerification, verifyProof } from '../../custody/verify/verify-proof.js'
import { counted, figure } from '../../internal/text/counted.js'
import type { S3StorageAdapter } from '../../storage/s3/adapter.js'
import { ArgumentError, fileOf, type Given, needed } from '../arguments.js'
import type { CommandSpec } from '../command.js'
import { storageOptions } from '../config/connect.js'
import { type Resolved, resolveMatter } from '../config/resolve.js'
import { exitCodeOfVerification } from '../exit-codes.js'
import { bundleFirst } from '../files/bundle.js'
import { openShards, storeFlags } from '../scale/shards.js'
import { tellNotes } from '../telling/log.js'
import { notifiersOf, notifyFlags } from '../telling/notifying.js'
import { tellUnverified, tellVerified } from '../telling/verification-notice.js'
import { pairs, shown, type Terminal } from '../terminal.js'

const bundleFlags = ['tsa', 'previous', 'record', 'live', 'shards', 'region', 's3-endpoint'] as const

export const verify: CommandSpec = {
  name: 'verify',
  takes: 'DIR | --proof FILE',
  group: 'Evidence',
  summary: 'check a bundle: signature, hashes, records, counts',
  about: `Checks a bundle of evidence: the signature, the hash of each file, the tree over the records, their gap-free numbers, and the counts. It also checks the chain to the previous bundle and the time stamp. If it does not verify, the first bad line is named.

A key inside the bundle authenticates nobody: whoever changes the bundle can also change that key. Get the key, or its fingerprint, from the signer through a separate channel. Without either, the command prints the fingerprint that it found, says NOT AUTHENTICATED, and the exit code is 3.

A run over shards stands on the seals of its shards. --shards verifies each of them too, from the evidence bucket.

--live reads the headers of every object again and reports what has changed since, with credentials as the AWS SDK finds them. Nothing is changed.`,
  flags: [
    { name: 'key', value: 'FILE', kind: 'text', about: "the signer's public key, in PEM" },
    { name: 'fingerprint', value: 'HEX', kind: 'text', about: 'or its SHA-256 (sha256:…)' },
    { name: 'tsa', value: 'FILE', kind: 'text', about: 'certificates, in PEM, of the time stamping authority' },
    { name: 'previous', value: 'DIR', kind: 'text', about: 'the previous bundle of the same matter' },
    { name: 'record', value: 'BUCKET/KEY', kind: 'text', about: 'show the record of this object' },
    { name: 'proof', value: 'FILE', kind: 'text', about: 'check a proof that `prove` made, in place of a bundle' },
    { name: 'live', kind: 'flag', about: 'read every object again' },
    {
      name: 'shards',
      kind: 'flag',
      about:
        'of a run over shards: verify each shard, from the store that --config or --store names; with --live its objects',
    },
    ...storeFlags,
    {
      name: 'config',
      value: 'FILE',
      kind: 'text',
      about: 'matter.yaml: its evidence is DIR, and it says who is notified',
    },
    {
      name: 'region',
      value: 'REGION',
      kind: 'text',
      about: 'region of the bucket (default: the one the bundle names, else AWS_REGION)',
    },
    { name: 's3-endpoint', value: 'URL', kind: 'text', about: 'another S3 server' },
    ...notifyFlags,
  ],
  examples: [
    'verify legal-hold/doe-v-acme/evidence --key signing-key.pub.pem',
    'verify legal-hold/doe-v-acme/evidence --key signing-key.pub.pem --live',
    'verify --proof proof.json --key signing-key.pub.pem',
  ],
  run: verifyCommand,
}

/** `verify DIR`, or `verify --proof FILE`. */
async function verifyCommand(given: Given, terminal: Terminal): Promise<number> {
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
  const resolved = await resolveMatter(given, terminal)
  tellNotes(resolved, given, terminal)
  const [dir = ''] = needed(bundleFirst(given, resolved, 1), ['DIR'])
  const notifiers = await notifiersOf(resolved, terminal)
  const opened: S3StorageAdapter[] = []
  const live = async (predicate: CustodyPredicate) => {
    const storage = await storageOf(predicate, given.text('region'), resolved, terminal)
    opened.push(storage)
    return storage
  }
  const sharded = given.flag('shards') ? await openShards(resolved) : undefined
  try {
    const verification = await verifyEvidence(dir, {
      ...key,
      shards: sharded?.shards,
      tsaCa: await fileOf('tsa', given.text('tsa')),
      previous: given.text('previous'),
      record: given.text('record'),
      live: given.flag('live') ? live : undefined,
      signal: terminal.signal,
    })
    if (given.flag('json')) terminal.out(JSON.stringify(verification, null, 2))
    else await tell(dir, verification, terminal)
    await tellVerified(notifiers, verification)
    if (await liesWithin(given.text('key'), dir)) {
      terminal.err('note: this key lies inside the bundle. It shows that the bundle is consistent, not who signed it.')
    }
    return exitCodeOfVerification(verification)
  } catch (error) {
    await tellUnverified(notifiers, resolved, error)
    throw error
  } finally {
    for (const storage of opened) storage.close()
    sharded?.close()
  }
}

const headings: Readonly<Record<VerificationStatus, string>> = {
  verifies: 'VERIFIES',
  'not-authenticated': 'NOT AUTHENTICATED: the bundle is consistent, but nobody knows who signed it',
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

function tellProof(
  { verified, status, problems, record, shard, predicate }: ProofVerification,
  terminal: Terminal,
): void {
  terminal.out(headings[status])
  tellProblems(problems, terminal)
  if (!verified || predicate === undefined) return
  terminal.out(pairs([...factsOf(predicate), ['shard', shard?.toString()]]))
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

/** The S3 adapter is loaded only if it is needed: to verify takes no AWS package. */
async function storageOf(
  { storage }: CustodyPredicate,
  region: string | undefined,
  { matter }: Resolved,
  { env }: Terminal,
): Promise<S3StorageAdapter> {
  const where = region ?? storage.region ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION
  if (where === undefined) throw new ArgumentError('--live needs the region of the bucket: --region, or AWS_REGION.')
  const { S3StorageAdapter } = await import('../../storage/s3/adapter.js')
  return new S3StorageAdapter({ ...storageOptions(matter.s3 ?? {}), bucket: storage.bucket, region: where })
}

async function liesWithin(file: string | undefined, dir: string): Promise<boolean> {
  if (file === undefined) return false
  return (await realpath(file)).startsWith((await realpath(dir)) + sep)
}

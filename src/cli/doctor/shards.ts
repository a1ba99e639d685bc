import { LegalHoldError } from '../../model/errors.js'
import type { S3StorageAdapter } from '../../s3.js'
import { ArgumentError } from '../arguments.js'
import type { Resolved } from '../config/resolve.js'
import { engineNameOf, openEngine } from '../scale/engine.js'
import { openStore, type ScaleStore } from '../scale/store.js'
import type { DoctorCheck } from './check.js'

const area = 'shards'

/** What a run over shards needs beside an export, where the matter says anything of one: its evidence bucket and its engine. */
export async function shardChecks(resolved: Resolved, signal: AbortSignal): Promise<readonly DoctorCheck[]> {
  if (resolved.matter.scale === undefined) return []
  let opened: ScaleStore
  try {
    // Refuses the bucket of the recordings.
    opened = await openStore(resolved)
  } catch (error) {
    const remedy = 'Name a bucket of its own for evidence: scale.store.bucket in matter.yaml, or --store.'
    return [problemOf('evidence bucket', error, remedy)]
  }
  try {
    const writable = await conditionCheck(opened, signal)
    const state = writable.result === 'ok' ? await stateChecks(opened, signal) : []
    return [writable, ...state, await engineCheck(resolved, opened, signal), ...roleChecks(resolved)]
  } finally {
    opened.store.close()
  }
}

/**
 * Whether the bucket can be listed, read and written, and keeps `If-None-Match`: the fence of all workers. The object stays, since
 * nothing here may delete; the next check finds it there, which is a refusal that proves the same.
 */
async function conditionCheck({ store, bucket, prefix }: ScaleStore, signal: AbortSignal): Promise<DoctorCheck> {
  const key = `${prefix}doctor.txt`
  try {
    await store.create(key, Buffer.from('Written by doctor, to see that no object is written twice.\n'), { signal })
    const isRead = (await store.read(key, { signal })) !== undefined
    for await (const _ of store.list(key, { signal })) {
      if (isRead) return ok(bucket, 'can be listed, read and written, and no object twice')
    }
    const message = `${key} was written and is not shown`
    return { area, subject: bucket, result: 'problem', message, remedy: 'Use a store that shows what was written.' }
  } catch (error) {
    const remedy =
      'The coordinator needs s3:ListBucket, s3:GetObject and s3:PutObject there (scalePolicies), and a server that obeys If-None-Match.'
    return problemOf(bucket, error, remedy)
  }
}

async function stateChecks({ bucket, settings }: ScaleStore, signal: AbortSignal): Promise<readonly DoctorCheck[]> {
  const { S3StorageAdapter } = await import('../../s3.js')
  const storage: S3StorageAdapter = new S3StorageAdapter({ ...settings, bucket })
  try {
    const { versioning, objectLock } = await storage.inspectBucket(nothingNeeded, { signal })
    return [
      protection(bucket, { name: 'versioning', state: versioning, right: 's3:GetBucketVersioning' }),
      protection(bucket, { name: 'Object Lock', state: objectLock, right: 's3:GetBucketObjectLockConfiguration' }),
    ]
  } catch (error) {
    return [problemOf(bucket, error, 'See docs/errors.md for this code.')]
  } finally {
    storage.close()
  }
}

/** Only the state of the bucket is looked at. */
const nothingNeeded = {
  prefix: '',
  metadata: false,
  tags: false,
  legalHold: false,
  retention: false,
  remediate: false,
  protectOriginal: false,
}

/** What keeps evidence from being lost, as the bucket has it. */
interface Protection {
  readonly name: 'versioning' | 'Object Lock'
  readonly state: string
  /** To read it. */
  readonly right: string
}

const protectionRemedies = {
  versioning: 'Enable versioning, so that no write hides evidence.',
  'Object Lock': 'Use a bucket with Object Lock (deploymentTemplate makes one), so that nobody deletes evidence.',
} as const

function protection(bucket: string, { name, state, right }: Protection): DoctorCheck {
  const message = `${name} ${state}`
  if (state === 'Enabled') return ok(bucket, message)
  const remedy = state === 'unreadable' ? `Allow ${right} to have it checked.` : protectionRemedies[name]
  return { area, subject: bucket, result: 'warning', message, remedy }
}

const engineRemedies = {
  local: '',
  's3-batch':
    'Check scale.s3Batch.accountId and region; the coordinator needs s3:ListJobs, s3:CreateJob and s3:DescribeJob (scalePolicies).',
  map: 'Check scale.map.stateMachineArn and region; the coordinator needs states:DescribeStateMachine (scalePolicies).',
} as const

async function engineCheck(resolved: Resolved, opened: ScaleStore, signal: AbortSignal): Promise<DoctorCheck> {
  let subject = 'engine'
  let remedy = 'Correct the section scale of matter.yaml.'
  try {
    const name = engineNameOf(resolved)
    subject = `engine ${name}`
    remedy = engineRemedies[name] || remedy
    const { engine, close } = await openEngine(resolved, opened)
    try {
      return ok(subject, (await engine.check?.({ signal })) ?? 'works in the process of `scale run`')
    } finally {
      close()
    }
  } catch (error) {
    return problemOf(subject, error, remedy)
  }
}

/**
 * What is known of the roles without asking anybody. Whether they allow enough IAM alone knows, and it is not asked: the answer would
 * leave out policies of the buckets, of keys and of the organisation.
 */
function roleChecks({ matter }: Resolved): readonly DoctorCheck[] {
  const { engine, s3Batch } = matter.scale ?? {}
  if (engine !== 's3-batch' && engine !== 'map') return []
  const subject = 'roles'
  const { accountId, roleArn } = s3Batch ?? {}
  if (engine === 's3-batch' && accountId !== undefined && roleArn !== undefined && accountId !== accountOf(roleArn)) {
    const message = `${roleArn} is not a role of the account ${accountId}: a job takes none of another account`
    return [{ area, subject, result: 'problem', message, remedy: 'Correct scale.s3Batch.accountId or roleArn.' }]
  }
  const message =
    "whether the engine may invoke the function, and the function's role reach both buckets, shows only when a job begins"
  const remedy = 'Deploy them with deploymentTemplate or scalePolicies, and begin with a matter of one hour.'
  return [{ area, subject, result: 'skipped', message, remedy }]
}

const accountOf = (arn: string) => arn.split(':')[4]

function ok(subject: string, message: string): DoctorCheck {
  return { area, subject, result: 'ok', message }
}

function problemOf(subject: string, error: unknown, remedy: string): DoctorCheck {
  if (error instanceof ArgumentError) return { area, subject, result: 'problem', message: error.message, remedy }
  if (!LegalHoldError.isInstance(error) || error.code === 'ABORTED') throw error
  return { area, subject, result: 'problem', message: `${error.code}: ${error.message}`, remedy }
}

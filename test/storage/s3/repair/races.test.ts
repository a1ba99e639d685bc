import { describe, expect, test } from 'vitest'
import type { HoldRequirements } from '#src/model/requirements.js'
import { remediationDefaults } from '#src/options/remediation.js'
import { S3StorageAdapter, type S3StorageOptions } from '#src/s3.js'
import { objectPipeline } from '#src/stages/object/pipeline.js'
import { S3Simulator, SimulatedClock } from '#src/testing/index.js'
import { NotedWitness, repair, tag } from '../../../fakes/repair.js'
import { clientOf, InProcessHandler } from '../../../repair-model/in-process-s3.js'
import { type PutInput, S3, upload } from '../world.js'

const bucket = 'evidence'
const key = 'k'
const at = { Bucket: bucket, Key: key }
const later = new Date('2045-01-01T00:00:00Z')
const other: HoldRequirements = { metadata: { 'legal-hold-tag': 'matter-2' } }

type World = Awaited<ReturnType<typeof world>>

/** A bucket with one object, and an adapter under whose requests somebody else does something, once. */
async function world(
  when: { readonly operation: string; readonly moment?: 'before' | 'after'; readonly nth?: number },
  act: (world: Pick<World, 'client' | 'adapterOf' | 'top'>) => Promise<unknown>,
  { input = {}, ...options }: Partial<S3StorageOptions> & { readonly input?: PutInput } = {},
) {
  const simulator = new S3Simulator({ verifySignatures: false, minPartSizeBytes: 1 })
  simulator.createBucket(bucket, { objectLock: true })
  const client = clientOf(simulator)
  await upload({ client, bucket }, key, 'sound', { Metadata: { project: 'x' }, ...input })
  const adapterOf = (handler: InProcessHandler, more: Partial<S3StorageOptions> = {}) =>
    new S3StorageAdapter({
      bucket,
      endpoint: 'http://127.0.0.1:9',
      region: simulator.region,
      credentials: S3Simulator.defaultCredentials,
      requestHandler: handler,
      retry: { retries: 2, minDelayMs: 0, maxDelayMs: 0 },
      ...more,
    })
  const versions = () =>
    simulator.versions(bucket, key).map(({ metadata, tags, ...rest }) => ({
      ...rest,
      metadata: Object.fromEntries(metadata),
      tags: Object.fromEntries(tags),
    }))
  const top = () => versions()[0] as ReturnType<typeof versions>[number]
  let count = 0
  const { operation, moment = 'before', nth = 1 } = when
  const due = (passing: string, now: 'before' | 'after') => {
    if (passing !== operation || now !== moment) return false
    count += 1
    return count === nth
  }
  const others = {
    client,
    top,
    adapterOf: () => adapterOf(new InProcessHandler(simulator)),
  }
  // The request itself is over when it is answered: what happens "after" is done before anything else is asked.
  let pending: Promise<unknown> = Promise.resolve()
  const handler = new InProcessHandler(simulator, {
    before: async (request) => {
      await pending
      if (due(request.operation, 'before')) await act(others)
      return { kind: 'pass' }
    },
    after: (request) => {
      if (due(request.operation, 'after')) pending = act(others)
    },
  })
  return { simulator, ...others, adapter: adapterOf(handler, options), versions }
}

const put = (input: PutInput) => (w: Pick<World, 'client'>) => upload({ client: w.client, bucket }, key, 'sound', input)

describe('a change by somebody else between the reading and the copy', () => {
  test('by an exporter of another matter: both tags end up on the current version', async () => {
    const w = await world({ operation: 'CopyObject' }, ({ adapterOf }) =>
      repair(adapterOf(), key, { requirements: other }),
    )
    const { remediation } = await repair(w.adapter, key, { options: { onConflict: 'merge' } })
    expect([remediation.outcome, remediation.reason]).toEqual(['repaired', undefined])
    expect(w.top()).toMatchObject({ metadata: { project: 'x', 'legal-hold-tag': `matter-2,${tag}` } })
    expect(remediation.after?.versionId).toBe(w.top().versionId)
    // What was buried for a moment is held, and so is the original: the other one took the hold that protects it for a hold.
    const [, , theirs, original] = w.versions()
    expect([theirs?.metadata['legal-hold-tag'], theirs?.legalHold, original?.legalHold]).toEqual([
      'matter-2',
      'ON',
      'ON',
    ])
    expect(remediation.steps.map(({ action }) => action)).toEqual([
      'protect-original',
      'replace-metadata',
      'replace-metadata',
    ])
  })

  test('by an exporter of another matter, which is not to be joined: its tag is on top again, and ours is refused', async () => {
    const w = await world({ operation: 'CopyObject' }, ({ adapterOf }) =>
      repair(adapterOf(), key, { requirements: other }),
    )
    const { remediation } = await repair(w.adapter, key)
    expect(remediation).toMatchObject({ outcome: 'refused', reason: expect.stringContaining('matter-2') })
    expect(w.top().metadata).toEqual({ project: 'x', 'legal-hold-tag': 'matter-2' })
  })

  test('of the metadata alone is what the hold is put on', async () => {
    const w = await world({ operation: 'CopyObject' }, put({ Metadata: { project: 'corrected' }, Tagging: 'new=1' }))
    const { remediation } = await repair(w.adapter, key)
    expect(remediation.outcome).toBe('repaired')
    expect(w.top()).toMatchObject({
      metadata: { project: 'corrected', 'legal-hold-tag': tag },
      tags: { new: '1' },
      legalHold: undefined,
    })
  })

  test('that never ends is given up after a bounded number of attempts, and what was buried is held', async () => {
    const w = await world({ operation: 'CopyObject' }, async () => {})
    let count = 0
    const busy = new InProcessHandler(w.simulator, {
      before: async ({ operation }) => {
        if (operation === 'CopyObject') {
          count += 1
          await upload({ client: w.client, bucket }, key, 'sound', { Metadata: { count: `${count}` } })
        }
        return { kind: 'pass' }
      },
      after: () => {},
    })
    const adapter = new S3StorageAdapter({
      bucket,
      endpoint: 'http://127.0.0.1:9',
      region: w.simulator.region,
      credentials: S3Simulator.defaultCredentials,
      requestHandler: busy,
    })
    const { remediation } = await repair(adapter, key, { retries: 3 })
    expect(remediation).toMatchObject({
      outcome: 'failed',
      attempts: 4,
      reason: expect.stringMatching(/somebody wrote/),
    })
    expect(count).toBeGreaterThan(1)
    const theirs = w
      .versions()
      .filter(({ metadata }) => metadata.count !== undefined && !('legal-hold-tag' in metadata))
    expect(theirs).toMatchObject(Array.from({ length: count }, () => ({ legalHold: 'ON' })))
  })

  test.each([
    ['a retention', 'CopyObject', { retention: { mode: 'GOVERNANCE', untilMs: later.getTime() } }, {}],
    ['a hold, before ours', 'GET legal-hold', { legalHold: 'ON' }, {}],
    ['a hold, where ours is not put there', 'CopyObject', { legalHold: 'ON' }, { protectOriginal: false }],
    ['a retention, a copy in parts', 'UploadPartCopy', { retention: { mode: 'GOVERNANCE' } }, {}],
    ['a tag, a copy in parts', 'UploadPartCopy', { tags: { theirs: '1' } }, {}],
  ])('of what protects it is carried to the new version: %s', async (_, operation, shown, options) => {
    const isHold = 'legalHold' in shown
    const act = ({ client }: Pick<World, 'client'>) =>
      isHold
        ? client.send(new S3.PutObjectLegalHoldCommand({ ...at, LegalHold: { Status: 'ON' } }))
        : 'tags' in shown
          ? client.send(new S3.PutObjectTaggingCommand({ ...at, Tagging: { TagSet: [{ Key: 'theirs', Value: '1' }] } }))
          : client.send(
              new S3.PutObjectRetentionCommand({ ...at, Retention: { Mode: 'GOVERNANCE', RetainUntilDate: later } }),
            )
    const parts = operation === 'UploadPartCopy' ? { multipartThresholdBytes: 1 } : {}
    // The first question about the hold is of the reading, the second comes right before ours is put.
    const nth = operation === 'GET legal-hold' ? 2 : 1
    const w = await world({ operation, nth }, act, parts)
    const { remediation } = await repair(w.adapter, key, { options })
    expect([remediation.outcome, remediation.reason]).toEqual(['repaired', undefined])
    expect(w.versions()).toHaveLength(2)
    for (const version of w.versions()) expect(version).toMatchObject(shown)
    expect(w.top().metadata['legal-hold-tag']).toBe(tag)
  })
})

describe('a delete marker', () => {
  const remove = ({ client }: Pick<World, 'client'>) => client.send(new S3.DeleteObjectCommand(at))

  test.each([
    ['right after the copy', { operation: 'CopyObject', moment: 'after' }],
    ['when the copy is about to be read back', { operation: 'GET object', nth: 3 }],
  ] as const)('%s is noticed in the same run: absent, recoverable, never repaired', async (_, when) => {
    const w = await world(when, remove)
    const { remediation } = await repair(w.adapter, key)
    expect(remediation).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('absent (deleted, recoverable)'),
      verdictAfter: { verdict: 'absent', recoverable: { beneath: w.versions()[1]?.versionId } },
    })
  })

  test('that lies beneath the copy is no repair either', async () => {
    // Between the condition on the destination and the copy no server looks; here nobody does.
    const w = await world({ operation: 'CopyObject' }, remove)
    const { remediation } = await repair(w.adapter, key)
    expect(['failed', 'refused']).toContain(remediation.outcome)
    expect(remediation.reason).toMatch(/delete marker|absent \(deleted, recoverable\)/)
  })

  test('makes the recording missing, with what lies beneath', async () => {
    const w = await world({ operation: 'CopyObject', moment: 'after' }, remove)
    const verdicts: string[] = []
    const context = {
      clock: new SimulatedClock(),
      logger: undefined,
      retry: { retries: 2, minDelayMs: 1, maxDelayMs: 2 },
      signal: undefined,
      emit: (event: { readonly type: string; readonly verdict?: { readonly verdict: string } }) => {
        if (event.type === 'verdict') verdicts.push(event.verdict?.verdict ?? '')
      },
    }
    const requirements = { metadata: { 'legal-hold-tag': tag } }
    const settings = {
      options: { ...remediationDefaults, allowOverwrite: false },
      dryRun: false,
      witness: new NotedWitness(),
    }
    const place = { kind: 'recording', conversationId: 'c', recordingId: 'r' } as const
    const pipeline = objectPipeline({ storage: w.adapter, requirements, repair: settings, context: context as never })
    const processed = await pipeline({ bucket, key }, place)
    expect(processed).toMatchObject({
      outcome: 'missing',
      reason: expect.stringContaining('recoverable'),
      verdict: { verdict: 'absent' },
    })
    expect(verdicts).toEqual(['untagged', 'absent'])
  })
})

import { describe, expect, test } from 'vitest'
import { remediationDefaults } from '#src/options/remediation.js'
import { S3StorageAdapter } from '#src/s3.js'
import { releaseObject } from '#src/stages/release/release.js'
import { S3Simulator, SimulatedClock } from '#src/testing/index.js'
import { NotedWitness, repair, tag } from '../../../fakes/repair.js'
import { clientOf, type Hooks, InProcessHandler } from '../../../repair-model/in-process-s3.js'
import { S3, upload } from '../world.js'

const key = 'k'
const bucket = 'evidence'

/** A bucket with one object, and an adapter whose answers to one kind of request are replaced from the nth on. */
async function world(forged: {
  readonly operation: string
  readonly body: string
  readonly from?: number
  readonly times?: number
}) {
  const simulator = new S3Simulator({ verifySignatures: false })
  const client = clientOf(simulator)
  simulator.createBucket(bucket, { objectLock: true, objectOwnership: 'ObjectWriter', publicAccessBlock: null })
  await upload({ client, bucket }, key, 'sound', {
    Tagging: 'team=y&matter-0=open',
    Metadata: { project: 'x' },
    ObjectLockLegalHoldStatus: 'ON',
    GrantRead: 'uri="http://acs.amazonaws.com/groups/global/AuthenticatedUsers"',
  })
  const { operation, body, from = 1, times = Number.POSITIVE_INFINITY } = forged
  let count = 0
  const hooks: Hooks = {
    before: async (request) => {
      if (request.operation !== operation) return { kind: 'pass' }
      count += 1
      if (count < from || count >= from + times) return { kind: 'pass' }
      return { kind: 'answer', status: 200, body, worked: false }
    },
    after: () => {},
  }
  const adapter = new S3StorageAdapter({
    bucket,
    endpoint: 'http://127.0.0.1:9',
    region: simulator.region,
    credentials: S3Simulator.defaultCredentials,
    requestHandler: new InProcessHandler(simulator, hooks),
    retry: { retries: 1, minDelayMs: 0, maxDelayMs: 0 },
  })
  const tagsOf = async (versionId: string | undefined) => {
    const at = { Bucket: bucket, Key: key, VersionId: versionId }
    const { TagSet = [] } = await client.send(new S3.GetObjectTaggingCommand(at))
    return Object.fromEntries(TagSet.map(({ Key, Value }) => [Key, Value]))
  }
  return { simulator, adapter, tagsOf, versions: () => simulator.versions(bucket, key) }
}

const tagging = (tags: string) => `<?xml version="1.0"?>\n<Tagging><TagSet>${tags}</TagSet></Tagging>`
const one = '<Tag><Key>team</Key><Value>y</Value></Tag>'
const answers: [string, string][] = [
  ['an empty body', ''],
  ['a page', '<!DOCTYPE html><html><body>Sign in</body></html>'],
  ['XML of something else', '<?xml version="1.0"?>\n<Status><State>ok</State></Status>'],
  ['an empty set, while HEAD counts two', tagging('')],
  ['one tag, while HEAD counts two', tagging(one)],
  ['an answer that is cut off', tagging(one + one.replace('team', 'matter-0')).slice(0, -9)],
  ['no XML at all', 'ok'],
]
const others = { team: 'y', 'matter-0': 'open' }
const requires = { tags: { tags: { hold: tag } }, metadata: { metadata: { 'legal-hold-tag': tag } } }

describe.each(answers)('GetObjectTagging answered with %s', (_, body) => {
  test.each(['tags', 'metadata'] as const)('for good: a repair of %s takes no tag of anybody', async (kind) => {
    // Where tags are required the first reading validates, and the second looks at what was written.
    for (const from of kind === 'tags' ? [1, 2] : [1]) {
      const w = await world({ operation: 'GET tagging', body, from })
      const { remediation } = await repair(w.adapter, key, { requirements: requires[kind], retries: 2 })
      expect(['failed', 'refused']).toContain(remediation.outcome)
      expect(remediation.reason).toMatch(/STORAGE_RESPONSE_INVALID/)
      const left = from === 2 ? { ...others, hold: tag } : others
      for (const { versionId } of w.versions()) expect(await w.tagsOf(versionId)).toEqual(left)
      expect(w.versions()).toHaveLength(1)
    }
  })

  test('at any one moment: a repair ends well, and every version keeps its tags', async () => {
    const requirements = { ...requires.tags, ...requires.metadata }
    for (let from = 1; from <= 8; from += 1) {
      const w = await world({ operation: 'GET tagging', body, from, times: 1 })
      const { remediation } = await repair(w.adapter, key, { requirements })
      expect([from, remediation.outcome, remediation.reason]).toEqual([from, 'repaired', undefined])
      const tags = await Promise.all(w.versions().map(({ versionId }) => w.tagsOf(versionId)))
      expect(tags[0]).toEqual({ ...others, hold: tag })
      for (const set of tags) expect(set).toMatchObject(others)
    }
  })

  test('for good: a release takes no tag of anybody', async () => {
    for (const from of [1, 2]) {
      const w = await world({ operation: 'GET tagging', body, from })
      const settings = {
        hold: { tag: 'open' },
        requirements: { tags: { 'matter-0': 'open' } },
        options: { ...remediationDefaults, allowOverwrite: false },
        reason: 'order of the court',
        allowUnlock: true,
        dryRun: false,
        witness: new NotedWitness(),
      }
      const context = {
        clock: new SimulatedClock(),
        logger: undefined,
        retry: { retries: 2, minDelayMs: 1, maxDelayMs: 2 },
        signal: undefined,
        emit: () => {},
      }
      const release = await releaseObject(w.adapter, { object: { bucket, key } }, settings, context)
      expect(release).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('STORAGE_RESPONSE_INVALID') })
      expect(await w.tagsOf(undefined)).toEqual(others)
    }
  })
})

describe('what a copy has to carry', () => {
  test.each([
    ['GET legal-hold', '<LegalHoldConfiguration/>'],
    ['GET retention', '<html></html>'],
    ['GET acl', '<?xml version="1.0"?>\n<AccessControlPolicy><Owner>'],
    ['GET acl', ''],
  ])('%s answered with %j copies nothing', async (operation, body) => {
    const w = await world({ operation, body })
    const { remediation } = await repair(w.adapter, key, { retries: 1 })
    // HEAD shows the hold by itself; the retention it leaves out must be asked for.
    if (operation === 'GET legal-hold') expect(remediation.outcome).toBe('repaired')
    else {
      expect(remediation).toMatchObject({
        outcome: 'failed',
        reason: expect.stringContaining('STORAGE_RESPONSE_INVALID'),
      })
      expect(w.versions()).toHaveLength(1)
    }
    expect(w.versions().at(0)?.legalHold).toBe('ON')
  })
})

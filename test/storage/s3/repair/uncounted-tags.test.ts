import { describe, expect, test } from 'vitest'
import { LegalHoldExporter } from '#src/index.js'
import { S3StorageAdapter } from '#src/s3.js'
import { S3Simulator } from '#src/testing/index.js'
import { FakePlatform } from '../../../fakes/platform.js'
import { clientOf, InProcessHandler } from '../../../repair-model/in-process-s3.js'
import { S3, upload } from '../world.js'

const bucket = 'evidence'
const tag = 'm1'

/** A server whose HEAD does not count tags. */
function world() {
  const simulator = new S3Simulator({ verifySignatures: false })
  simulator.createBucket(bucket, { objectLock: true })
  const client = clientOf(simulator)
  const hooks = {
    before: async () => ({ kind: 'pass' }) as const,
    after: () => {},
    answered: (_: unknown, headers: Readonly<Record<string, string>>) =>
      Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'x-amz-tagging-count')),
  }
  const storage = new S3StorageAdapter({
    bucket,
    endpoint: 'http://127.0.0.1:9',
    region: simulator.region,
    credentials: S3Simulator.defaultCredentials,
    requestHandler: new InProcessHandler(simulator, hooks),
    retry: { retries: 0 },
  })
  const platform = new FakePlatform()
  const exporter = new LegalHoldExporter({
    platform,
    storage,
    hold: { tag },
    requirements: { tags: { hold: tag } },
    remediation: { versions: 'all' },
    concurrency: 1,
  })
  return { simulator, client, storage, exporter }
}

async function verdicts(exporter: LegalHoldExporter, keys: string[]): Promise<string[]> {
  const found: string[] = []
  for await (const { verdict } of exporter.validate(keys)) found.push(verdict)
  return found
}

describe('where HEAD counts no tags', () => {
  test('those that a repair has set show it, and all are read from then on', async () => {
    const { client, exporter } = world()
    for (const key of ['a', 'b', 'c']) await upload({ client, bucket }, key, 'sound')
    // Nothing says so far that the count is hidden.
    expect(await verdicts(exporter, ['a', 'b', 'c'])).toEqual(['untagged', 'untagged', 'untagged'])
    for await (const { outcome } of exporter.remediate(['a', 'b', 'c'])) expect(outcome).toBe('repaired')
    expect(await verdicts(exporter, ['a', 'b', 'c'])).toEqual(['held', 'held', 'held'])
  })

  test("a release leaves the hold on a version beneath that bears another matter's tag", async () => {
    const { simulator, client, exporter } = world()
    const held = { ObjectLockLegalHoldStatus: 'ON' } as const
    await upload({ client, bucket }, 'first', 'older', held)
    await upload({ client, bucket }, 'first', 'newer', { ...held, Tagging: 'hold=m1' })
    await upload({ client, bucket }, 'k', 'older', { ...held, Tagging: 'hold=m2' })
    await upload({ client, bucket }, 'k', 'newer', { ...held, Tagging: 'hold=m1' })
    const releasing = exporter.release(['first', 'k'], { reason: 'over', allowUnlock: true })
    for await (const release of releasing) expect(release.outcome).toBe('released')
    const beneath = simulator.versions(bucket, 'k').at(-1)?.versionId
    const { LegalHold } = await client.send(
      new S3.GetObjectLegalHoldCommand({ Bucket: bucket, Key: 'k', VersionId: beneath }),
    )
    expect(LegalHold?.Status).toBe('ON')
  })
})

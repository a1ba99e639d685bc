import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  buildChild,
  CrashWorld,
  differenceOf,
  lasting,
  looksBeneath,
  removeChild,
  type Shape,
  shapes,
} from './crash-world.js'

const temporary = mkdtempSync(join(tmpdir(), 'crash-between-'))
const [all, metadata] = shapes as [Shape, Shape]
const inParts: Shape = { ...metadata, name: 'copied in parts', multipartThresholdBytes: 1 }
let worlds = 0
const open = (shape: Shape) => {
  worlds += 1
  return CrashWorld.open(join(temporary, String(worlds)), shape)
}

beforeAll(buildChild)
afterAll(() => {
  removeChild()
  rmSync(temporary, { recursive: true, force: true })
})

const requests: readonly (readonly [operation: string, server: 'genesys' | 's3', shape: Shape])[] = [
  ['createRecordingJob', 'genesys', all],
  ['executeRecordingJob', 'genesys', all],
  ['PutObjectTagging', 's3', all],
  ['CopyObject', 's3', all],
  ['PutObjectLegalHold', 's3', metadata],
  ['CompleteMultipartUpload', 's3', inParts],
]
const expected = new Map<Shape, Promise<{ report: unknown; bucket: unknown; copies: number }>>()

function uninterrupted(shape: Shape) {
  const known = expected.get(shape) ?? run(shape)
  expected.set(shape, known)
  return known
}

async function run(shape: Shape) {
  const world = await open(shape)
  try {
    return { report: lasting(await world.run()), bucket: world.bucket(), copies: world.copies().size }
  } finally {
    await world.close()
  }
}

test.each(requests)(
  'killed when %s of %s was carried out and before it heard so, a run goes on to the same end',
  { timeout: 1_200_000 },
  async (operation, server, shape) => {
    const { report, bucket, copies } = await uninterrupted(shape)
    const world = await open(shape)
    try {
      await world.killedAwaiting(server, operation)
      const second = await world.run()
      expect(differenceOf(lasting(second), report)).toBe('')
      expect(looksBeneath(second)).toBeLessThanOrEqual(copies)
      expect(differenceOf(world.bucket(), bucket)).toBe('')
      expect(world.genesys.jobs).toHaveLength(1)
    } finally {
      await world.close()
    }
  },
)

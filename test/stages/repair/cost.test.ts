import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { CostTally, LegalHoldExporter, type PriceTable, type RepairEstimate, s3Prices } from '#src/index.js'
import type { HoldRequirements } from '#src/model/requirements.js'
import { MemoryStorageAdapter } from '#src/testing/index.js'
import { FakePlatform } from '../../fakes/platform.js'
import { repair, tag } from '../../fakes/repair.js'
import { type PutInput, simulated, upload, type World } from '../../storage/s3/world.js'

const worlds: World[] = []
afterEach(async () => {
  await Promise.all(worlds.splice(0).map((made) => made.close()))
})

const gib = 1024 ** 3
const metadata = { 'legal-hold-tag': tag }
const until = '2040-01-01T00:00:00Z'
const allUsers = 'uri="http://acs.amazonaws.com/groups/global/AuthenticatedUsers"'
const acls = { objectLock: true, objectOwnership: 'ObjectWriter', publicAccessBlock: null } as const

interface Case {
  readonly requirements?: HoldRequirements
  readonly input?: PutInput
  readonly bucket?: Parameters<typeof simulated>[0] extends infer O
    ? O extends { bucket?: infer B }
      ? B
      : never
    : never
  readonly sizeBytes?: number
  readonly versions?: 'all'
  readonly older?: number
}

describe('the requests that a dry run foretells', () => {
  test.each<[string, Case]>([
    ['a metadata repair', {}],
    ['of an object with tags', { input: { Tagging: 'a=1' } }],
    ['with grants of its own', { bucket: acls, input: { GrantRead: allUsers, Tagging: 'a=1' } }],
    ['with ACLs on and none set', { bucket: acls }],
    ['of an object that is held', { input: { ObjectLockLegalHoldStatus: 'ON' } }],
    ['tags and locks in place', { requirements: { tags: { hold: tag }, legalHold: true, retainUntilDate: until } }],
    [
      'everything at once',
      { requirements: { metadata, tags: { hold: tag }, legalHold: true, retainUntilDate: until } },
    ],
    ['a copy in parts', { sizeBytes: 11 * 1024 ** 2, input: { Tagging: 'a=1' } }],
    ['without versioning', { bucket: {} }],
    ['all versions', { versions: 'all', older: 3 }],
    ['all versions of one that is held', { versions: 'all', older: 2, input: { Metadata: metadata } }],
  ])('are those that are sent: %s', async (_, given) => {
    const {
      requirements = { metadata } as HoldRequirements,
      input = {},
      bucket,
      sizeBytes = 5,
      versions = 'current',
      older = 0,
    } = given
    const w = await simulated({ bucket: bucket ?? { objectLock: true } })
    worlds.push(w)
    const adapter = w.adapter({ multipartThresholdBytes: 1024 ** 2, partSizeBytes: 5 * 1024 ** 2 })
    const needs = {
      metadata: true,
      tags: true,
      legalHold: true,
      retention: true,
      remediate: true,
      protectOriginal: true,
    }
    await adapter.inspectBucket({ ...needs, prefix: '' })
    const options = { versions, allowOverwrite: true } as const
    // What is asked once for a bucket is asked for the first object; what HEAD shows is found out at the first ones.
    for (const key of ['first', 'next', 'third', 'fourth', 'second']) {
      for (let at = 0; at < older; at += 1) await upload(w, key, `${at}`)
      await upload(w, key, new Uint8Array(sizeBytes), input)
      if (key !== 'second') await repair(adapter, key, { requirements, options })
    }
    const planned = await repair(adapter, 'second', { requirements, options, dryRun: true })
    w.simulator.clearRequests()
    const done = await repair(adapter, 'second', { requirements, options })
    expect([planned.remediation.outcome, done.remediation.outcome]).toEqual(['planned', 'repaired'])
    // What HEAD does not show of a lock that is required is asked for.
    const locks = requirements.legalHold === true ? 1 : 0
    const validation = {
      HeadObject: 1,
      GetObjectTagging: requirements.tags !== undefined && input.Tagging ? 1 : 0,
      GetObjectLegalHold: locks,
      GetObjectRetention: locks,
    }
    const sent: Record<string, number> = { ...w.simulator.counts() }
    for (const [operation, count] of Object.entries(validation)) sent[operation] = (sent[operation] ?? 0) - count
    const foretold = planned.remediation.estimate
    const nonZero = Object.fromEntries(Object.entries(sent).filter(([, count]) => count !== 0))
    expect(foretold?.requests).toEqual(nonZero)
    expect(done.remediation.estimate).toEqual(foretold)
    const copies = planned.remediation.steps.some(({ action }) => action === 'replace-metadata')
    expect(foretold?.bytesCopied).toBe(copies ? sizeBytes : 0)
    expect(foretold?.extraBytesStored).toBe(
      copies && bucket?.objectLock !== undefined ? sizeBytes : copies && bucket === undefined ? sizeBytes : 0,
    )
  })
})

describe('the cost', () => {
  const estimate = (over: Partial<RepairEstimate> = {}): RepairEstimate => ({
    requests: { HeadObject: 3, CopyObject: 1, PutObjectLegalHold: 1, ListObjectVersions: 1 },
    bytesCopied: gib,
    extraBytesStored: gib,
    storageClass: 'STANDARD',
    ...over,
  })
  const cost = (estimates: readonly RepairEstimate[], prices?: PriceTable) => {
    const tally = new CostTally(prices)
    for (const one of estimates) tally.add(one)
    return tally.cost()
  }

  test('counts no bytes of an object of unknown size, and says how many there are', () => {
    const unknown = estimate({ bytesCopied: undefined, extraBytesStored: undefined })
    const found = cost([estimate(), unknown, unknown])
    expect(found).toMatchObject({ bytesCopied: gib, extraBytesStored: gib, unknownSizes: 2 })
    expect(found.byStorageClass.STANDARD).toMatchObject({ objects: 3, unknownSizes: 2 })
    expect(Object.values(found.dollars).every(Number.isFinite)).toBe(true)
    expect(cost([estimate()])).not.toHaveProperty('unknownSizes')
  })

  test('in a class without prices is that of Standard, and says so', () => {
    const { byStorageClass } = cost([estimate({ storageClass: 'COLD' }), estimate()])
    expect(byStorageClass.COLD).toMatchObject({
      note: 'The price table has no class COLD: the prices of STANDARD were used.',
    })
    expect(byStorageClass.COLD?.dollars).toEqual(byStorageClass.STANDARD?.dollars)
  })

  test('of a million in Standard is that of the price list', () => {
    const tally = new CostTally()
    for (let at = 0; at < 1_000; at += 1) tally.add(estimate({ bytesCopied: 1_000, extraBytesStored: 1_000 }))
    const { requests, dollars, prices } = tally.cost()
    expect(requests).toEqual({
      HeadObject: 3_000,
      CopyObject: 1_000,
      PutObjectLegalHold: 1_000,
      ListObjectVersions: 1_000,
    })
    expect(dollars.requests).toBeCloseTo(3 * 0.0004 + 3 * 0.005, 6)
    expect(prices).toEqual({
      asOf: s3Prices.asOf,
      region: 'us-east-1',
      source: expect.stringContaining('aws.amazon.com'),
    })
  })

  test('is told for each storage class, with what deleting early costs there', () => {
    const { byStorageClass, dollars, bytesCopied, extraBytesStored } = cost([
      estimate(),
      estimate({ storageClass: 'STANDARD_IA' }),
      estimate({ storageClass: 'GLACIER_IR', bytesCopied: 1, extraBytesStored: 1 }),
      estimate({ storageClass: 'ONEZONE_IA', extraBytesStored: 0 }),
      estimate({ storageClass: 'STANDARD_IA', requests: { PutObjectTagging: 1 }, bytesCopied: 0, extraBytesStored: 0 }),
    ])
    expect(Object.keys(byStorageClass)).toEqual(['GLACIER_IR', 'ONEZONE_IA', 'STANDARD', 'STANDARD_IA'])
    expect(byStorageClass.STANDARD).toMatchObject({ objects: 1, dollars: { retrieval: 0, storagePerMonth: 0.023 } })
    expect(byStorageClass.STANDARD).not.toHaveProperty('note')
    expect(byStorageClass.STANDARD_IA).toMatchObject({
      objects: 2,
      dollars: { retrieval: 0.01, storagePerMonth: 0.0125 },
      note: expect.stringMatching(/at least 30 days.*deletes none/),
    })
    // 128 KiB is the least that is billed.
    expect(byStorageClass.GLACIER_IR?.dollars.storagePerMonth).toBe(0)
    expect(byStorageClass.ONEZONE_IA?.note).toMatch(/copy deletes the original/)
    expect([bytesCopied, extraBytesStored]).toEqual([3 * gib + 1, 2 * gib + 1])
    expect(dollars.total).toBeCloseTo(dollars.requests + dollars.retrieval, 5)
  })

  test('bills small versions as the class does', () => {
    const many = Array.from({ length: 8_192 }, () =>
      estimate({ storageClass: 'GLACIER_IR', bytesCopied: 1, extraBytesStored: 1 }),
    )
    expect(cost(many).byStorageClass.GLACIER_IR?.dollars.storagePerMonth).toBeCloseTo(0.004, 6)
  })

  test('goes by the prices that were given, in proportion, whatever the order', () => {
    const prices: PriceTable = {
      asOf: '2026-11-01',
      region: 'eu-west-1',
      source: 'contract',
      listsPer1000: 0,
      classes: {
        STANDARD: {
          writesPer1000: 1,
          readsPer1000: 0,
          retrievalPerGb: 0,
          storagePerGbMonth: 0,
          minimumDays: 0,
          minimumBytes: 0,
        },
      },
    }
    const estimates = fc.array(
      fc.record({
        requests: fc.dictionary(
          fc.constantFrom('HeadObject', 'CopyObject', 'ListObjectVersions', 'AbortMultipartUpload'),
          fc.nat(9),
        ),
        bytesCopied: fc.nat(10_000),
        extraBytesStored: fc.constant(0),
        storageClass: fc.constantFrom('STANDARD', 'UNHEARD_OF', '__proto__', 'constructor'),
      }),
    )
    fc.assert(
      fc.property(estimates, (list) => {
        const copies = list.reduce((sum, { requests }) => sum + (requests.CopyObject ?? 0), 0)
        expect(cost(list, prices).dollars).toEqual({
          requests: expect.closeTo(copies / 1000, 5),
          retrieval: 0,
          storagePerMonth: 0,
          total: expect.closeTo(copies / 1000, 5),
        })
        expect(cost([...list].reverse(), prices)).toEqual(cost(list, prices))
      }),
    )
  })

  test('stands in the report, planned in a dry run and made in another', async () => {
    const storage = new MemoryStorageAdapter()
    storage.put('k', { body: 'x'.repeat(1_000), storageClass: 'STANDARD_IA' })
    const platform = new FakePlatform()
    const exporter = new LegalHoldExporter({ platform, storage, hold: { tag } })
    const tally = new CostTally()
    for await (const { estimate: one } of exporter.remediate({ prefix: '' }, { dryRun: true })) {
      if (one !== undefined) tally.add(one)
    }
    expect(tally.cost()).toMatchObject({
      bytesCopied: 1_000,
      extraBytesStored: 1_000,
      byStorageClass: { STANDARD_IA: {} },
    })
  })

  test.each<object>([
    {},
    { ...s3Prices, classes: {} },
    { ...s3Prices, classes: { STANDARD: { writesPer1000: -1 } } },
    { ...s3Prices, listsPer1000: Number.NaN },
  ])('refuses a price table that is none: %j', (prices) => {
    const options = { platform: new FakePlatform(), storage: new MemoryStorageAdapter(), hold: { tag } }
    expect(() => new LegalHoldExporter({ ...options, remediation: { prices: prices as never } })).toThrow(/PriceTable/)
    expect(() => new LegalHoldExporter({ ...options, remediation: { prize: 1 } as never })).toThrow(/remediation.prize/)
  })
})

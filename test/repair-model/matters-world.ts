import fc from 'fast-check'
import { expect } from 'vitest'
import { readTagList } from '#src/model/hold.js'
import type { HoldRequirements } from '#src/model/requirements.js'
import { S3StorageAdapter } from '#src/s3.js'
import { releaseObject } from '#src/stages/release/release.js'
import { S3Simulator, SimulatedClock } from '#src/testing/index.js'
import { NotedWitness, repair } from '../fakes/repair.js'
import { upload } from '../storage/s3/world.js'
import { type CopyManners, clientOf, type Hooks, InProcessHandler, mannersOf } from './in-process-s3.js'
import { Turns } from './turns.js'

const bucket = 'evidence'
const key = 'org/a.opus'

export interface Race {
  readonly works: readonly ('merge' | 'release')[]
  readonly order: readonly number[]
  readonly server: CopyManners
  readonly where: 'metadata' | 'both'
  readonly isLocked: boolean
  readonly isHeld: boolean
  readonly multipart: boolean
  /** The adapters have repaired others before, and know what the server shows. */
  readonly isWarm: boolean
}

const passing = { before: async () => ({ kind: 'pass' as const }), after: () => {} }
const tagOf = (who: number) => `matter-${who}`
const standing = 'matter-9'

function requirementsOf(tag: string, where: Race['where']): HoldRequirements {
  return { metadata: { 'legal-hold-tag': tag }, ...(where === 'both' ? { tags: { hold: tag } } : {}) }
}

async function run({ works, order, server, where, isLocked, isHeld, multipart, isWarm }: Race) {
  const simulator = new S3Simulator({ verifySignatures: false, minPartSizeBytes: 1 })
  simulator.createBucket(bucket, isLocked ? { objectLock: true } : { versioning: 'Enabled' })
  const client = clientOf(simulator)
  const before = [standing, ...works.flatMap((work, who) => (work === 'release' ? [tagOf(who)] : []))]
  await upload({ client, bucket }, key, 'sound', {
    Metadata: { project: 'x', 'legal-hold-tag': before.join(',') },
    CacheControl: 'private',
    Tagging: `team=y&n=1${where === 'both' ? `&hold=${before.map(encodeURIComponent).join('%20')}` : ''}`,
    ...(isLocked && isHeld ? { ObjectLockLegalHoldStatus: 'ON' as const } : {}),
  })
  const turns = new Turns(works.length, order)
  const adapterOf = (handler: InProcessHandler) =>
    new S3StorageAdapter({
      bucket,
      endpoint: 'http://127.0.0.1:9',
      region: simulator.region,
      credentials: S3Simulator.defaultCredentials,
      requestHandler: handler,
      retry: { retries: 2, minDelayMs: 0, maxDelayMs: 0 },
      ...(multipart ? { multipartThresholdBytes: 1 } : {}),
    })
  const release = async (adapter: S3StorageAdapter, tag: string) => {
    const context = {
      clock: new SimulatedClock(),
      logger: undefined,
      retry: { retries: 30, minDelayMs: 1, maxDelayMs: 2 },
      signal: undefined,
      emit: () => {},
    }
    const settings = {
      hold: { tag },
      requirements: requirementsOf(tag, where),
      options: { onConflict: 'merge', protectOriginal: true, versions: 'current', allowOverwrite: false },
      reason: 'order',
      allowUnlock: false,
      dryRun: false,
      witness: new NotedWitness(),
    } as const
    const { outcome, reason } = await releaseObject(adapter, { object: { bucket, key } }, settings, context)
    return { outcome, reason }
  }
  const quietly: Hooks = { ...passing, ...mannersOf(server) }
  const exporters = await Promise.all(
    works.map(async (work, who) => {
      let hooks = quietly
      const handler = new InProcessHandler(simulator, {
        ...quietly,
        before: (request) => hooks.before(request),
        after: (request, status) => hooks.after(request, status),
      })
      const adapter = adapterOf(handler)
      for (const other of isWarm ? [0, 1, 2, 3] : []) {
        const key = `org/warm-${who}-${other}.opus`
        await upload({ client, bucket }, key, 'sound', other === 3 ? { Tagging: 'team=y' } : {})
        await repair(adapter, key, {
          requirements: requirementsOf(tagOf(who), where),
          options: { onConflict: 'merge' },
        })
      }
      hooks = turns.hooksOf(who, mannersOf(server))
      return { work, who, adapter }
    }),
  )
  const ends = await Promise.all(
    exporters.map(async ({ work, who, adapter }) => {
      const tag = tagOf(who)
      try {
        if (work === 'release') return { tag, work, ...(await release(adapter, tag)) }
        const { remediation } = await repair(adapter, key, {
          requirements: requirementsOf(tag, where),
          options: { onConflict: 'merge' },
          retries: 30,
        })
        const { outcome, reason } = remediation
        return { tag, work, outcome, reason }
      } finally {
        turns.done(who)
        adapter.close()
      }
    }),
  )
  const isBack = shownOn(simulator, where).some((tag) => works[Number(tag.slice('matter-'.length))] === 'release')
  // What a release does once more, when it is quiet.
  const quiet = adapterOf(new InProcessHandler(simulator, quietly))
  for (const [who, work] of works.entries()) if (work === 'release') await release(quiet, tagOf(who))
  quiet.close()
  return { simulator, ends, turns, isBack }
}

const entry = (pairs: readonly (readonly [string, string])[], name: string) =>
  pairs.find(([other]) => other === name)?.[1]

function listsOn(simulator: S3Simulator, where: Race['where']): readonly (readonly string[])[] {
  const [top] = simulator.versions(bucket, key)
  const metadata = readTagList(entry(top?.metadata ?? [], 'legal-hold-tag') ?? '', 'metadata')
  if (where === 'metadata') return [metadata]
  return [metadata, readTagList(entry(top?.tags ?? [], 'hold') ?? '', 'object-tag')]
}

const shownOn = (simulator: S3Simulator, where: Race['where']) => listsOn(simulator, where).flat()

export const counts = { races: 0, back: 0, lostTags: 0, failed: 0 }

export async function check(race: Race): Promise<void> {
  const { simulator, ends, turns, isBack } = await run(race)
  counts.races += 1
  // Between the reading and the writing of tags S3 has no condition (docs/repair.md, races).
  if (turns.isTagLost) {
    counts.lostTags += 1
    return
  }
  if (isBack) counts.back += 1
  const versions = simulator.versions(bucket, key)
  const [top] = versions
  if (top === undefined) throw new Error('no version')
  const said = ends.map(({ tag, work, outcome, reason }) => `${work} ${tag}: ${outcome} ${reason ?? ''}`)
  const history = versions.map(({ metadata, tags, legalHold }) =>
    JSON.stringify([entry(metadata, 'legal-hold-tag'), tags, legalHold]),
  )
  const about = [...said, ...history].join('\n')
  for (const { outcome } of ends) {
    if (outcome === 'failed') counts.failed += 1
    expect([about, outcome]).toEqual([about, expect.stringMatching(/^(repaired|not-needed|released)$/)])
  }
  const wanted = [standing, ...ends.flatMap(({ tag, work }) => (work === 'merge' ? [tag] : []))].sort()
  for (const list of listsOn(simulator, race.where)) expect([about, [...list].sort()]).toEqual([about, wanted])
  expect([about, entry(top.tags, 'team'), entry(top.tags, 'n')]).toEqual([about, 'y', '1'])
  expect([entry(top.metadata, 'project'), entry(top.headers, 'cache-control')]).toEqual(['x', 'private'])
  if (race.isLocked)
    expect([about, versions.at(-1)?.legalHold]).toEqual([about, versions.length > 1 || race.isHeld ? 'ON' : undefined])
  if (race.isLocked && race.isHeld) expect([about, top.legalHold]).toEqual([about, 'ON'])
}

const order = fc.array(fc.nat(11), { minLength: 10, maxLength: 120 })

export const race: fc.Arbitrary<Race> = fc.record({
  works: fc.array(fc.constantFrom('merge', 'merge', 'release'), { minLength: 2, maxLength: 3 }),
  order,
  server: fc.constantFrom('aws', 'drops tags unless they are sent', 'ceph-rgw'),
  where: fc.constantFrom('metadata', 'metadata', 'both'),
  isLocked: fc.boolean(),
  isHeld: fc.boolean(),
  multipart: fc.constantFrom(false, false, false, true),
  isWarm: fc.boolean(),
})

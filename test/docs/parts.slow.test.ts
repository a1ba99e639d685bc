import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LegalHoldError, LegalHoldExporter, type LegalHoldExporterOptions } from 'genesys-legal-hold-exporter'
import { verifyEvidence } from 'genesys-legal-hold-exporter/node'
import {
  aConversation,
  anOrganization,
  expectAllHeld,
  retentionContext,
  type SimulatedWorld,
} from 'genesys-legal-hold-exporter/testing'
import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { hasTool, LocalTsa } from '../custody/crypto/local-tsa.js'
import { type Block, blocks } from './pages.js'

// Examples that are a part of something: each is used here as its page says. Those that are whole run in examples.slow.test.ts.

const root = fileURLToPath(new URL('../../', import.meta.url))
const scratch = `${root}.cache/parts-${process.pid}/`
const parts = blocks.filter(({ language }) => language === 'ts')

// biome-ignore lint/suspicious/noExplicitAny: what a block exports is known to its page only
type Exported = Record<string, any>

function fileOf({ name, code }: Block, suffix = '.ts'): string {
  mkdirSync(scratch, { recursive: true })
  const file = `${scratch}${name.replace(/\W+/g, '-')}${suffix}`
  const whole = /^(import|export) /m.test(code) ? code : code.replace(/^const /gm, 'export const ')
  writeFileSync(file, whole)
  return file
}

async function inWorld<T>(work: (world: SimulatedWorld, options: LegalHoldExporterOptions) => Promise<T>): Promise<T> {
  await using world = await anOrganization().with(aConversation('whatsapp'), aConversation('call')).start()
  return await work(world, { ...world.ports, hold: { tag: 'discovery-batch-2023-10' } })
}

/** Runs a file in a process of its own, and returns what it printed; an exit code other than 0 rejects. */
function printed(...args: readonly string[]): Promise<string> {
  const env = { ...process.env, NO_COLOR: '1' }
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd: root, env, timeout: 120_000 }, (error, out, err) =>
      error === null ? resolve(`${out}${err}`) : reject(new Error(`${out}${err}`)),
    )
  })
}

const uses: Record<string, (exported: () => Promise<Exported>, block: Block) => Promise<void>> = {
  'README.md requirements': async (load) => {
    const { requirements } = await load()
    await inWorld(async (world, options) => {
      const report = await new LegalHoldExporter({ ...options, requirements }).run(world.request)
      expect(report.outcome).toBe('complete')
      await expectAllHeld(world.bucket, { by: requirements })
    })
  },
  'docs/costs.md estimate': async (load) => {
    const { estimate } = await load()
    const costs = await inWorld<Exported>((world, options) => estimate(new LegalHoldExporter(options), world.request))
    expect(costs).toMatchObject({ once: expect.any(Number), perMonth: expect.any(Number) })
    expect(costs.once).toBeGreaterThan(0)
  },
  'docs/costs.md prices': async (load) => {
    const { prices } = await load()
    await inWorld(async (world, options) => {
      const exporter = new LegalHoldExporter({ ...options, remediation: { prices } })
      const report = await exporter.run(world.request, { dryRun: true })
      expect(report.remediations.cost.dollars.total).toBeGreaterThan(0)
    })
  },
  'docs/custom-adapter.md RecordsSchedule': async (load) => {
    const { RecordsSchedule } = await load()
    await inWorld(async (world, options) => {
      const retentionPolicies = [new RecordsSchedule(async () => 1)]
      const { findings } = await new LegalHoldExporter({ ...options, retention: retentionPolicies }).inspect(
        world.request,
      )
      expect(findings.map(({ code }) => code)).toContain('lifecycle-expires-objects')
    })
    expect(await new RecordsSchedule(async () => 36_500).evaluate(retentionContext())).toEqual([])
  },
  'docs/custom-adapter.md landed': async (load) => {
    const { landed } = await load()
    expect(landed).toEqual({ versionId: 'v3', beneath: { versionId: 'v2', isDeleteMarker: false } })
  },
  'docs/custom-adapter.md MapStorage': async (_, block) => {
    const file = fileOf(block, '.map.ts')
    writeFileSync(
      `${scratch}map.test.ts`,
      `import { LegalHoldExporter } from 'genesys-legal-hold-exporter'
import { MemoryRecordingPlatform, SimulatedClock, storageConformance } from 'genesys-legal-hold-exporter/testing'
import { describe, expect, test } from 'vitest'
import { MapStorage } from './${file.slice(file.lastIndexOf('/') + 1)}'
const create = async () => {
  const adapter = new MapStorage()
  const seed = async (key, { contentType, ...object }) => void adapter.put(key, { ...object, headers: { contentType } })
  return { adapter, seed, lacks: ['checksums'] }
}
storageConformance({ describe, test, expect }, { create })
test('a run delivers into it and repairs it', async () => {
  const [clock, storage] = [new SimulatedClock(), new MapStorage()]
  const platform = new MemoryRecordingPlatform({ storage, clock, recordings: [{ recordingId: 'r1' }] })
  const requirements = { metadata: { 'legal-hold-tag': 'matter-1' }, tags: { 'legal-hold': 'matter-1' } }
  const exporter = new LegalHoldExporter({ platform, storage, clock, hold: { tag: 'matter-1' }, requirements })
  expect(await exporter.run(platform.request)).toMatchObject({ outcome: 'complete', counts: { repaired: 1 } })
})`,
    )
    const config = `${scratch}vitest.map.mjs`
    writeFileSync(config, `export default { test: { include: ['map.test.ts'] } }\n`)
    const vitest = `${root}node_modules/vitest/vitest.mjs`
    expect(await printed(vitest, 'run', '--root', scratch, '--config', config)).toMatch(/Tests +\d\d passed/)
  },
  'docs/custom-adapter.md storageConformance': async (_, block) => {
    const vitest = `${root}node_modules/vitest/vitest.mjs`
    const file = fileOf(block, '.test.ts')
    const config = `${scratch}vitest.config.mjs`
    writeFileSync(config, `export default { test: { include: ['*.test.ts'] } }\n`)
    expect(await printed(vitest, 'run', '--root', scratch, '--config', config, file)).toMatch(/Tests +\d\d passed/)
  },
  'docs/custom-adapter.md WithoutDrafts': async (load) => {
    const { WithoutDrafts } = await load()
    await inWorld(async (world) => {
      await using storage = new WithoutDrafts(world.s3Connection)
      const { bucket } = world.s3Connection
      const { S3 } = await import('@aws-sdk/client-s3')
      const client = new S3({ ...world.s3Connection, forcePathStyle: true })
      for (const Key of ['a/drafts/1', 'a/final/1']) await client.putObject({ Bucket: bucket, Key, Body: 'x' })
      client.destroy()
      const listed: string[] = []
      for await (const { key } of storage.list('a/')) listed.push(key)
      for await (const page of storage.listPages('a/')) for (const { key } of page) listed.push(key)
      expect(listed).toEqual(['a/final/1', 'a/final/1'])
    })
  },
  'docs/evidence.md sealedRun': async (load) => {
    const { sealedRun } = await load()
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const tsa = new LocalTsa('ec')
    const server = setupServer(
      http.post('http://tsa.example.com/', async ({ request }) => {
        const answer = tsa.reply(Buffer.from(await request.arrayBuffer()))
        return new HttpResponse(new Uint8Array(answer), { headers: { 'content-type': 'application/timestamp-reply' } })
      }),
    )
    const before = process.cwd()
    process.chdir(mkdtempSync(join(tmpdir(), 'evidence-')))
    server.listen({
      onUnhandledRequest: ({ url }, print) => {
        if (new URL(url).hostname !== '127.0.0.1') print.error()
      },
    })
    try {
      writeFileSync('signing-key.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }))
      await inWorld(async ({ request }, options) => {
        const { integrationId, interval } = request
        const report = await sealedRun(new LegalHoldExporter(options), integrationId, interval.start, interval.end)
        expect(report.outcome).toBe('complete')
      })
      const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string
      expect((await verifyEvidence('./evidence/2023-10', { publicKey: pem, tsaCa: tsa.ca })).problems).toEqual([])
    } finally {
      server.close()
      process.chdir(before)
    }
  },
  'docs/observability.md exportWithBars': async (load) => {
    const { exportWithBars } = await load()
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    const report = await inWorld<Exported>((world, options) =>
      exportWithBars(new LegalHoldExporter(options), world.request),
    )
    expect(report.outcome).toBe('complete')
    expect(write.mock.calls.join('')).toContain('complete')
  },
  'docs/observability.md loggingExporter': async (load) => {
    const { loggingExporter } = await load()
    const report = await inWorld<Exported>((world, options) => loggingExporter(options).run(world.request))
    expect(report.outcome).toBe('complete')
  },
  'docs/observability.md tracedExport': async (load) => {
    const { tracedExport } = await load()
    const report = await inWorld<Exported>((world, options) =>
      tracedExport(new LegalHoldExporter(options), world.request),
    )
    expect(report.outcome).toBe('complete')
  },
  'docs/observability.md tellOfProblems': async (load) => {
    const { tellOfProblems } = await load()
    const log = vi.spyOn(console, 'log').mockReturnValue()
    await inWorld(async (world, options) => {
      const residency = { regions: ['eu-central-1'] }
      const exporter = new LegalHoldExporter({ ...options, residency })
      await exporter.run(world.request, { onEvent: tellOfProblems }).catch(() => {})
    })
    expect(log.mock.calls.flat()).toContain('region-mismatch')
  },
  'docs/scale-aws.md S3ShardStore': async (load) => {
    expect(Object.keys(await load())).toEqual([])
  },
  'docs/scale-aws.md S3BatchEngine': async (load) => {
    expect(Object.keys(await load())).toEqual([])
  },
  'docs/integrations.md legalHoldProviders': async (load) => {
    const { legalHoldProviders, HoldService } = await load()
    const journal = mkdtempSync(join(tmpdir(), 'nest-'))
    await inWorld(async (world, options) => {
      const [ofExporter, ofService] = legalHoldProviders(options)
      expect(ofService.inject).toEqual([ofExporter.provide])
      const exporter = ofExporter.useFactory()
      const stopped = ofService.useFactory(exporter)
      expect(stopped).toBeInstanceOf(HoldService)
      stopped.onApplicationShutdown()
      await expect(stopped.run(world.request, journal)).rejects.toMatchObject({ code: 'ABORTED' })
      const report = await ofService.useFactory(exporter).run(world.request, journal)
      expect(report.outcome).toBe('complete')
    })
  },
  'docs/integrations.md handlerOfRun': async (load) => {
    const { handlerOfRun } = await load()
    await inWorld(async (world, options) => {
      const handler = handlerOfRun(new LegalHoldExporter(options), mkdtempSync(join(tmpdir(), 'lambda-')))
      const left = (ms: number) => ({ getRemainingTimeInMillis: () => ms })
      expect(await handler(world.request, left(0))).toEqual({ finished: false })
      expect(await handler(world.request, left(600_000))).toMatchObject({ finished: true, outcome: 'complete' })
    })
  },
  'docs/scale.md bullProcessor': async (load) => {
    const { ecsTask, temporalActivity, bullProcessor } = await load()
    const ref = { shard: 7, key: 'k' }
    const done: unknown[] = []
    const sealed = async (given: unknown) => ({ outcome: 'sealed', given: done.push(given) })
    vi.stubEnv('SHARD', JSON.stringify(ref))
    await Promise.all([ecsTask(sealed), temporalActivity(sealed)(ref), bullProcessor(sealed)({ data: ref })])
    vi.unstubAllEnvs()
    expect(done).toEqual([ref, ref, ref])
    const late = async () => ({ outcome: 'unfinished', reason: 'the deadline came' })
    await expect(bullProcessor(late)({ data: ref })).rejects.toThrow('unfinished: the deadline came')
  },
  'docs/scale.md runOverShards': async (load) => {
    const { runOverShards } = await load()
    vi.spyOn(console, 'log').mockReturnValue()
    const report = await inWorld<Exported>((world, options) =>
      runOverShards(new LegalHoldExporter(options), options.storage, world.request),
    )
    expect(report).toMatchObject({ outcome: 'complete', scale: { engine: 'local' } })
  },
  'docs/testing.md expectWholeExport': async (_, block) => {
    const file = fileOf(block, '.matchers.ts')
    const from = file.slice(file.lastIndexOf('/') + 1)
    const using = `${scratch}matchers.test.ts`
    writeFileSync(
      using,
      `import { LegalHoldExporter } from 'genesys-legal-hold-exporter'
import { MemoryRecordingPlatform, MemoryStorageAdapter, SimulatedClock } from 'genesys-legal-hold-exporter/testing'
import { expect, test } from 'vitest'
import { expectWholeExport } from './${from}'
test.each([['delivered'], ['missing']] as const)('%s', async (fate) => {
  const clock = new SimulatedClock()
  const storage = new MemoryStorageAdapter({ clock })
  const platform = new MemoryRecordingPlatform({ storage, clock, recordings: [{ recordingId: 'r1', fate }] })
  const exporter = new LegalHoldExporter({ platform, storage, clock, hold: { tag: 'matter-1' } })
  const judged = expectWholeExport(exporter, platform.request)
  await (fate === 'delivered' ? judged : expect(judged).rejects.toThrow('r1'))
})`,
    )
    const config = `${scratch}vitest.matchers.mjs`
    writeFileSync(config, `export default { test: { include: ['matchers.test.ts'] } }\n`)
    const vitest = `${root}node_modules/vitest/vitest.mjs`
    expect(await printed(vitest, 'run', '--root', scratch, '--config', config)).toMatch(/Tests +2 passed/)
  },
  'docs/testing.md node:test': async (_, block) => {
    const out = await printed('--import', 'tsx', '--test', '--test-reporter=tap', fileOf(block, '.test.ts'))
    expect(out).toMatch(/^# fail 0$/m)
    expect(Number(/^# pass (\d+)$/m.exec(out)?.[1])).toBeGreaterThan(5)
  },
  'docs/troubleshooting.md explain': async (load) => {
    const { explain } = await load()
    await inWorld(async (world, options) => {
      const exporter = new LegalHoldExporter({ ...options, residency: { regions: ['eu-central-1'] } })
      const error = await exporter.run(world.request).catch((reason: unknown) => reason)
      expect(explain(error)).toMatch(/^region-mismatch: /)
    })
    const error = new LegalHoldError('It broke.', { code: 'NETWORK_ERROR', stage: 'export', retryable: true })
    expect(explain(error)).toBe('NETWORK_ERROR during export (no request id): It broke. It may work later.')
  },
}

// What the files behind them do: each needs a worker, a bucket or a run that its page takes for granted.
const usedElsewhere = [
  'docs/evidence.md KmsSigner', // test/custody/crypto/kms-signer.test.ts
  'docs/scale-aws.md s3BatchHandler', // test/scale/aws/whole-run.test.ts
  'docs/scale-aws.md deploymentTemplate', // test/scale/aws/deployment
  'docs/scale-aws.md S3Inventory', // test/scale/aws/inventory
  'docs/scale.md handlerOf', // test/scale/worker
  'docs/scale.md verifyWithShards', // test/scale/evidence
  'docs/scale.md runWithInventory', // test/scale/inventory
]

/** A block goes by its page and the first word of those here that it has. */
function useOf({ page, code }: Block): string | undefined {
  return [...Object.keys(uses), ...usedElsewhere].find((name) => {
    const [of = '', word = ''] = name.split(' ')
    return of === page && code.includes(word)
  })
}

afterEach(() => vi.restoreAllMocks())

describe('the parts in the documentation', () => {
  test('are all used by something', () => {
    expect(parts.length).toBeGreaterThan(10)
    expect(parts.filter((block) => useOf(block) === undefined).map(({ name, code }) => `${name}\n${code}`)).toEqual([])
    expect(parts.map(useOf).sort()).toEqual([...Object.keys(uses), ...usedElsewhere].sort())
  })

  for (const block of parts) {
    const use = useOf(block)
    if (use === undefined || usedElsewhere.includes(use)) continue
    test.skipIf(use.includes('sealedRun') && !hasTool('openssl'))(use, async () => {
      await uses[use]?.(async () => import(/* @vite-ignore */ fileOf(block)), block)
    })
  }
})

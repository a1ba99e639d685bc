import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { real, realEndpoint, S3 } from '../storage/s3/world.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

interface Ended {
  readonly code: number | null
  readonly out: string
}

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(command, args, { cwd: root, env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number((error as { code?: unknown }).code), out: out + err }),
    )
  })
}

describe.runIf(realEndpoint !== undefined)('the job on the server at S3_ENDPOINT', () => {
  test('exports, repairs and proves; every object and the original beneath it are as the report says', async () => {
    const world = await real(true)
    const dir = join(mkdtempSync(join(tmpdir(), 'legal-hold-ceph-job-')), 'bundle')
    const report = join(dir, '..', 'report.json')
    const { code, out } = await run('npm', [
      'run',
      '--silent',
      'quickstart',
      '--',
      ...['--s3-endpoint', world.endpoint, '--bucket', world.bucket],
      ...['--count', '60', '--evidence', dir, '--report', report],
    ])
    expect(out).toContain('COMPLETE')
    expect(code).toBe(0)
    const { counts, objects } = JSON.parse(readFileSync(report, 'utf8'))
    expect(counts).toMatchObject({ expected: 60, repaired: 60, missing: 0 })

    const { Versions = [], IsTruncated } = await world.client.send(
      new S3.ListObjectVersionsCommand({ Bucket: world.bucket }),
    )
    expect(IsTruncated).toBe(false)
    const head = (Key = '', VersionId = '') =>
      world.client.send(new S3.HeadObjectCommand({ Bucket: world.bucket, Key, VersionId }))
    const current = Versions.filter(({ IsLatest, Size }) => IsLatest && Size !== 0)
    const inScope = objects.recordings + objects.sidecars + objects.transcripts + objects.attachments
    let held = 0
    for (const { Key, VersionId } of current) {
      const { Metadata } = await head(Key, VersionId)
      if (Metadata?.['legal-hold-tag'] !== 'discovery-batch-2023-10') continue
      held += 1
      const beneath = Versions.filter((other) => other.Key === Key && other.VersionId !== VersionId)
      expect(beneath).toHaveLength(1)
      expect(await head(Key, beneath[0]?.VersionId)).toMatchObject({ ObjectLockLegalHoldStatus: 'ON' })
    }
    expect(inScope).toBeGreaterThan(120)
    expect(held).toBe(inScope)

    const verify = ['dist/cli.js', 'verify', dir, '--key', join(dir, 'public-key.pem')]
    const live = await run(process.execPath, [...verify, '--live', '--s3-endpoint', world.endpoint])
    expect(live.out).toContain('0 drifted')
    expect(live.code).toBe(0)
    await world.close()
  }, 120_000)

  test.runIf(process.env.S3_SERVER === 'ceph-rgw')(
    'an interrupted npm run test:ceph leaves no process and no folder behind',
    async () => {
      const mine = mkdtempSync(join(tmpdir(), 'legal-hold-ceph-signal-'))
      const ended = await new Promise<Ended>((resolve) => {
        const child = spawn('bash', ['scripts/ceph-test.sh'], {
          cwd: root,
          // Other tests than these, which would make folders of this name themselves.
          env: {
            ...process.env,
            TMPDIR: mine,
            S3_ENDPOINT: undefined,
            CEPH_TESTS: 'test/storage/s3/inspect/inspect.test.ts',
          },
        })
        let out = ''
        const collect = (chunk: Buffer) => {
          const wasUp = out.includes('Ceph RGW: http')
          out += chunk.toString()
          if (!wasUp && out.includes('Ceph RGW: http')) child.kill('SIGINT')
        }
        child.stdout.on('data', collect)
        child.stderr.on('data', collect)
        child.once('close', (code) => resolve({ code, out }))
      })
      expect(ended).toMatchObject({ code: 130 })
      expect(readdirSync(mine).filter((name) => name.startsWith('legal-hold-ceph-'))).toEqual([])
      expect(processesOf(mine)).toEqual([])
    },
    120_000,
  )
})

/** Processes whose command line names the folder. */
function processesOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && existsSync(`/proc/${name}/cmdline`))
    .map((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ')
      } catch {
        return ''
      }
    })
    .filter((line) => line.includes(folder))
}

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { inflateRawSync } from 'node:zlib'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, expect, test } from 'vitest'
import { deploymentTemplate } from '#src/scale-aws.js'
import { bundleOf } from '../../../../examples/lambda/build.js'
import { zipOf } from '../../../../examples/lambda/zip.js'
import { refOf, s3World } from '../world.js'

const folder = mkdtempSync(join(tmpdir(), 'lambda-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const entry = fileURLToPath(new URL('./lambda-entry.ts', import.meta.url))
const worker = fileURLToPath(new URL('../../../../examples/lambda/worker.ts', import.meta.url))

function run(code: string, env: NodeJS.ProcessEnv): Promise<string> {
  const all = { ...process.env, ...env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' }
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ['--input-type=module', '-e', code], { cwd: folder, env: all }, (error, out, err) =>
      error === null ? resolve(out) : reject(new Error(`${out}${err}`)),
    )
  })
}

test.each(['esm', 'cjs'] as const)(
  'a bundle as %s is small, and does a shard over the SDK that is in it',
  async (format) => {
    const { s3, client, settings, close } = await s3World()
    try {
      const { key } = refOf(5, 'runs/a b+c/')
      await client.send(new PutObjectCommand({ Bucket: 'evidence', Key: key, Body: 'the list' }))
      const { name, content } = await bundleOf(entry, format)
      const archive = zipOf(name, content)
      expect(archive.length).toBeLessThan(5_000_000)
      writeFileSync(join(folder, name), content)
      const event = {
        invocationSchemaVersion: '2.0',
        invocationId: 'i',
        job: { id: 'j', userArguments: {} },
        tasks: [{ taskId: 't', s3Key: encodeURIComponent(key), s3VersionId: null, s3Bucket: 'evidence' }],
      }
      const code = `
      const { batch, map } = await import(${JSON.stringify(pathToFileURL(join(folder, name)).href)})
      const event = ${JSON.stringify(event)}
      const first = await batch(event, { getRemainingTimeInMillis: () => 1000 })
      const second = await map({ Items: [{ key: event.tasks[0].s3Key }] })
      const gone = await batch({ ...event, tasks: [{ ...event.tasks[0], s3Key: event.tasks[0].s3Key.replace('00000005', '00000006') }] })
      console.log(JSON.stringify([first.results[0], second.results[0], gone.results[0]]))
      process.exit()`
      const out = await run(code, {
        EVIDENCE_BUCKET: 'evidence',
        S3_ENDPOINT: settings.endpoint,
        AWS_ACCESS_KEY_ID: settings.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: settings.credentials.secretAccessKey,
      })
      expect(JSON.parse(out)).toEqual([
        { taskId: 't', resultCode: 'Succeeded', resultString: expect.stringMatching(/^sealed 8 bytes by \d+$/) },
        { key: event.tasks[0]?.s3Key, outcome: 'sealed', sealSha256: '8 bytes by no deadline' },
        { taskId: 't', resultCode: 'PermanentFailure', resultString: 'OBJECT_NOT_FOUND: there is no list' },
      ])
      expect(s3.versions('evidence', `${key}.seal`)).toHaveLength(1)
    } finally {
      await close()
    }
  },
)

test.each(['esm', 'cjs'] as const)(
  'a bundle of the worker of the library as %s is small, and serves both engines as the template sets it up',
  async (format) => {
    const { client, settings, close } = await s3World()
    try {
      const { key } = refOf(5)
      await client.send(new PutObjectCommand({ Bucket: 'evidence', Key: key, Body: 'not the list of its digest' }))
      const { name, content } = await bundleOf(worker, format)
      expect(zipOf(name, content).length).toBeLessThan(5_000_000)
      writeFileSync(join(folder, `worker-${name}`), content)
      const task = { taskId: 't', s3Key: encodeURIComponent(key), s3VersionId: null, s3Bucket: 'evidence' }
      const event = {
        invocationSchemaVersion: '2.0',
        invocationId: 'i',
        job: { id: 'j', userArguments: {} },
        tasks: [task],
      }
      const { Handler, Environment } = deploymentTemplate({
        evidenceBucket: 'evidence',
        recordings: { bucket: 'evidence' },
        code: { bucket: 'artifacts', key: 'worker.zip' },
      }).Resources.Worker!.Properties as { Handler: string; Environment: { Variables: Record<string, string> } }
      const [file, exported] = Handler.split('.')
      expect(`${file}.${format === 'esm' ? 'mjs' : 'cjs'}`).toBe(name)
      const code = `
      const { ${exported}: handler } = await import(${JSON.stringify(pathToFileURL(join(folder, `worker-${name}`)).href)})
      const context = { getRemainingTimeInMillis: () => 60_000 }
      const { results } = await handler(${JSON.stringify(event)}, context)
      const ofMap = await handler({ Items: [{ key: ${JSON.stringify(task.s3Key)} }] }, context).catch(({ name }) => name)
      console.log(JSON.stringify([results, ofMap]))
      process.exit()`
      const out = await run(code, {
        ...Environment.Variables,
        AWS_REGION: 'eu-west-1',
        S3_ENDPOINT: settings.endpoint,
        AWS_ACCESS_KEY_ID: settings.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: settings.credentials.secretAccessKey,
      })
      expect(JSON.parse(out)).toMatchObject([[{ taskId: 't', resultCode: 'PermanentFailure' }], 'ShardRefused'])
    } finally {
      await close()
    }
  },
)

test('an archive is a ZIP of the one file', () => {
  const content = Buffer.from('content '.repeat(100))
  const archive = zipOf('handler.mjs', content)
  expect(archive.readUInt32LE(0)).toBe(0x04034b50)
  const packed = archive.readUInt32LE(18)
  const start = 30 + archive.readUInt16LE(26) + archive.readUInt16LE(28)
  expect(archive.subarray(30, 30 + 11).toString()).toBe('handler.mjs')
  expect(inflateRawSync(archive.subarray(start, start + packed))).toEqual(content)
  const end = archive.length - 22
  expect(archive.readUInt32LE(end)).toBe(0x06054b50)
  expect(archive.readUInt32LE(archive.readUInt32LE(end + 16))).toBe(0x02014b50)
  expect(archive).toEqual(zipOf('handler.mjs', content))
})

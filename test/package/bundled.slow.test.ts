import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const run = promisify(execFile)

const source = `
import { RecordingJobsPlatform } from 'genesys-legal-hold-exporter/genesys'
import { S3StorageAdapter } from 'genesys-legal-hold-exporter/s3'
const endpoint = 'http://127.0.0.1:1'
const retry = { retries: 0, minDelayMs: 1 }
const platform = new RecordingJobsPlatform({ region: 'eu-west-1', clientId: 'a', clientSecret: 'b', endpoint, retry })
const credentials = { accessKeyId: 'a', secretAccessKey: 'b' }
const storage = new S3StorageAdapter({ bucket: 'evidence', region: 'us-east-1', endpoint, credentials, retry })
const told = []
const calls = [() => platform.organization(), () => storage.head({ bucket: 'evidence', key: 'k' })]
for (const call of [...calls, ...calls]) {
  await call().catch(({ code, message }) => told.push({ code, message }))
}
console.log(JSON.stringify(told))
`

/** Bundles a program into one file, and runs it far from every node_modules. */
async function bundled(options: Parameters<typeof build>[0]): Promise<{ code: string; message: string }[]> {
  const dir = mkdtempSync(join(tmpdir(), 'bundled-'))
  mkdirSync(join(dir, 'in', 'node_modules'), { recursive: true })
  symlinkSync(root, join(dir, 'in', 'node_modules', 'genesys-legal-hold-exporter'))
  writeFileSync(join(dir, 'in', 'program.mjs'), source)
  await build({
    entryPoints: [join(dir, 'in', 'program.mjs')],
    outfile: join(dir, 'out', 'program.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
    ...options,
  })
  return told(join(dir, 'out', 'program.mjs'))
}

async function told(program: string): Promise<{ code: string; message: string }[]> {
  const { stdout } = await run(process.execPath, [program], { timeout: 60_000 })
  return JSON.parse(stdout)
}

describe('an ES module that esbuild made of a program', () => {
  test('says at every attempt what to do about a package that does not run in it', async () => {
    const answers = await bundled({})
    expect(answers).toHaveLength(4)
    for (const [at, { code, message }] of answers.entries()) {
      const name = at % 2 === 0 ? 'purecloud-platform-client-v2' : '@aws-sdk/client-s3'
      expect(code).toBe('MISSING_DEPENDENCY')
      expect(message).toContain(`--external:${name}`)
      expect(message).toContain('createRequire')
      expect(message).not.toContain('npm install')
    }
  })

  test('works with the banner that the message names', async () => {
    const js = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"
    const answers = await bundled({ banner: { js } })
    // Nobody listens at that port: the packages were loaded.
    expect(answers.map(({ code }) => code)).toEqual([
      'NETWORK_ERROR',
      'NETWORK_ERROR',
      'NETWORK_ERROR',
      'NETWORK_ERROR',
    ])
  })

  test('works with all packages left outside, where they are installed', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'bundled-'))
    for (const name of ['purecloud-platform-client-v2', '@aws-sdk']) {
      mkdirSync(join(dir, 'node_modules'), { recursive: true })
      symlinkSync(join(root, 'node_modules', name), join(dir, 'node_modules', name))
    }
    symlinkSync(root, join(dir, 'node_modules', 'genesys-legal-hold-exporter'))
    writeFileSync(join(dir, 'main.ts'), source)
    const command =
      'main.ts --bundle --platform=node --format=esm --target=node20 --packages=external --outfile=main.mjs'
    const esbuild = join(root, 'node_modules', 'esbuild', 'bin', 'esbuild')
    await run(esbuild, command.split(' '), { cwd: dir, timeout: 60_000 })
    const codes = (await told(join(dir, 'main.mjs'))).map(({ code }) => code)
    expect(codes).toEqual(['NETWORK_ERROR', 'NETWORK_ERROR', 'NETWORK_ERROR', 'NETWORK_ERROR'])
  })

  test('says that a package is to be installed where it was kept out and is not there', async () => {
    const answers = await bundled({ external: ['purecloud-platform-client-v2', '@aws-sdk/client-s3'] })
    for (const { code, message } of answers) {
      expect(code).toBe('MISSING_DEPENDENCY')
      expect(message).toContain('npm install')
    }
  })
})

import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { type Block, blocks } from './pages.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const scratch = `${root}.cache/examples-${process.pid}/`

function run(args: readonly string[]): Promise<{ code: number; out: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: root, timeout: 150_000 }, (error, out, err) => {
      const ended = error?.killed === true ? '\nIt did not end within 150 s.' : ''
      resolve({ code: error === null ? 0 : 1, out: `${out}${err}${ended}` })
    })
  })
}

const fileOf = ({ name }: Block) => `${scratch}${name.replace(/\W+/g, '-')}.ts`

describe('the code in the documentation', () => {
  test('is found', () => {
    expect(blocks.filter(({ language }) => language.startsWith('ts')).length).toBeGreaterThanOrEqual(3)
  })

  test('compiles, every block of it', async () => {
    mkdirSync(scratch, { recursive: true })
    const written = blocks.filter(({ language }) => language.startsWith('ts'))
    for (const [at, { code }] of written.entries()) {
      writeFileSync(`${scratch}${at}.ts`, code.includes('import ') ? code : `${code}\nexport {}\n`)
    }
    const config = `${scratch}tsconfig.json`
    // The built declarations, as a user has them.
    const compilerOptions = { paths: {}, noUnusedLocals: false, skipLibCheck: true }
    writeFileSync(config, JSON.stringify({ extends: `${root}tsconfig.json`, compilerOptions, include: ['*.ts'] }))
    const { code, out } = await run([`${root}node_modules/typescript/bin/tsc`, '--noEmit', '-p', config])
    expect(out).toBe('')
    expect(code).toBe(0)
  })

  const runnable = blocks.filter(({ language }) => language === 'ts run')

  const pages = [...new Set(runnable.map(({ page }) => page))]
  // To load the SDKs takes as long as an example: every third page shares a process. Each waits for a job most of its time.
  const processes = 3
  const ended = new Map<number, ReturnType<typeof run>>()

  /** Runs the blocks of every third page one after the other. */
  function runOf(first: number): ReturnType<typeof run> {
    mkdirSync(scratch, { recursive: true })
    const args = runnable
      .filter(({ page }) => pages.indexOf(page) % processes === first)
      .map((block) => {
        writeFileSync(fileOf(block), block.code)
        return `${block.exported ? 'exported:' : 'fresh:'}${fileOf(block)}`
      })
    const offline = fileURLToPath(new URL('./offline.ts', import.meta.url))
    return run(['--import', 'tsx', offline, ...args])
  }

  test.concurrent.each(pages)('%s runs, each block in a world of its own', async (page) => {
    const first = pages.indexOf(page) % processes
    const running = ended.get(first) ?? runOf(first)
    ended.set(first, running)
    const { code, out } = await running
    expect(code, out).toBe(0)
    expect(out).not.toMatch(/\(node:\d+\)|Warning:/)
    const [, ...told] = out.split(/^== (.*)\n/m)
    for (const block of runnable.filter((one) => one.page === page)) {
      const at = told.indexOf(fileOf(block))
      expect(at, block.name).toBeGreaterThan(-1)
      expect(told[at + 1]?.trim(), block.name).not.toBe('')
      if (block.code.includes('report.outcome')) expect(told[at + 1]).toContain('complete')
    }
  })
})

describe('the commands in the documentation', () => {
  // What runs each of them; a command that is in no list fails here until something runs it.
  const covered = new Map([
    ['npm ci && npm run quickstart', 'test/e2e/quickstart.slow.test.ts; npm ci by .ci/run'],
    ['npm run quickstart -- --journal ./my-run', 'test/e2e/quickstart-journal.slow.test.ts'],
    ['npm ci && npm test', '.ci/run'],
    ['npm install genesys-legal-hold-exporter', 'test/package'],
    ['npm run test:ceph', '.ci/run'],
    ['npm ci', '.ci/run'],
    ['npm test', '.ci/run'],
    ['npm run test:all', '.ci/run'],
    ['npx genesys-legal-hold-exporter inspect --json', 'test/cli/cli.slow.test.ts'],
    ['npx genesys-legal-hold-exporter export --journal ./journal', 'test/cli/cli.slow.test.ts'],
    ['npx genesys-legal-hold-exporter init', 'test/cli/commands/story.slow.test.ts'],
    ['npx genesys-legal-hold-exporter doctor --config matter.yaml', 'test/cli/commands/story.slow.test.ts'],
    ['npx genesys-legal-hold-exporter export --config matter.yaml', 'test/cli/commands/story.slow.test.ts'],
    ['npx genesys-legal-hold-exporter status --config matter.yaml', 'test/cli/commands/story.slow.test.ts'],
    [
      'npx genesys-legal-hold-exporter verify legal-hold/doe-v-acme/evidence --key signing-key.pub.pem --live',
      'test/cli/commands/story.slow.test.ts',
    ],
    [
      'npx genesys-legal-hold-exporter prove legal-hold/doe-v-acme/evidence BUCKET/KEY --out proof.json',
      'test/cli/commands/story.slow.test.ts',
    ],
    [
      `npx genesys-legal-hold-exporter release '' --config matter.yaml --reason "Order of 4 March 2026: matter closed"`,
      'test/cli/commands/story.slow.test.ts',
    ],
    [
      `npx genesys-legal-hold-exporter release '' --config matter.yaml --reason "Order of 4 March 2026: matter closed" --yes`,
      'test/cli/commands/story.slow.test.ts',
    ],
    ['npm run bench', 'test/bench/bench.slow.test.ts'],
    ['npm run bench:memory', 'test/bench/bench.slow.test.ts'],
    ['npm run --silent simulators', 'test/testing/simulators-script.slow.test.ts'],
    ['npx genesys-legal-hold-exporter verify DIR --key key.pem', 'test/cli/cli.slow.test.ts'],
    [
      'npx genesys-legal-hold-exporter verify DIR --fingerprint sha256:… --tsa ca.pem --live',
      'test/cli/cli.slow.test.ts',
    ],
    ['npx genesys-legal-hold-exporter prove DIR BUCKET/KEY --out proof.json', 'test/cli/cli.slow.test.ts'],
    ['npx genesys-legal-hold-exporter verify --proof proof.json --key key.pem', 'test/cli/cli.slow.test.ts'],
    [
      'esbuild main.ts --bundle --platform=node --format=esm --external:purecloud-platform-client-v2 --external:@aws-sdk/client-s3',
      'test/package/bundled.slow.test.ts',
    ],
    ['esbuild main.ts --bundle --platform=node --format=cjs', 'test/package/bundled.slow.test.ts'],
    [
      'esbuild main.ts --bundle --platform=node --format=esm --target=node20 --packages=external --outfile=main.mjs',
      'test/package/bundled.slow.test.ts',
    ],
    [
      `esbuild main.ts --bundle --platform=node --format=esm --banner:js="import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"`,
      'test/package/bundled.slow.test.ts',
    ],
  ])

  test('are all run by something', () => {
    const commands = blocks
      .filter(({ language }) => language === 'sh')
      .flatMap(({ code }) => code.split('\n'))
      .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    expect(commands.length).toBeGreaterThan(0)
    expect(commands.filter((command) => !covered.has(command))).toEqual([])
  })
})

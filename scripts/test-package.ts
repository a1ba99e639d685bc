// Packs the library and uses it as its users do: in throw-away projects, installed from the tarball.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { transform } from 'esbuild'
import pLimit from 'p-limit'
import { deadLinks } from './packed-links.js'

const root = fileURLToPath(new URL('../', import.meta.url))
const run = promisify(execFile)
const entries = ['.', './genesys', './s3', './node', './testing']
const nodeVersions = ['20', '22', '24']

// What a consumer writes; also what each of the module settings below has to compile.
const program = `
import { type Finding, LegalHoldError, LegalHoldExporter, type RunReport } from 'genesys-legal-hold-exporter'
import { RecordingJobsPlatform } from 'genesys-legal-hold-exporter/genesys'
import { S3StorageAdapter } from 'genesys-legal-hold-exporter/s3'
import { startSimulators } from 'genesys-legal-hold-exporter/testing'
import { genesysHandlers } from 'genesys-legal-hold-exporter/testing/msw'

async function main(): Promise<void> {
  const simulators = await startSimulators({ scenario: { count: 4 } })
  const { genesys, s3 } = simulators.description
  const { bucket, region, endpoint, accessKeyId, secretAccessKey } = s3
  const exporter = new LegalHoldExporter({
    platform: new RecordingJobsPlatform({ region: 'eu-west-1', ...genesys }),
    storage: new S3StorageAdapter({ bucket, region, endpoint, credentials: { accessKeyId, secretAccessKey } }),
    hold: { tag: 'matter-1' },
    polling: { minIntervalMs: 200 },
  })
  const report: RunReport = await exporter.run({ ...simulators.scenario.request })
  const findings: readonly Finding[] = report.findings
  const handlers: number = genesysHandlers(simulators.genesys).length
  await simulators.close()
  console.log(report.outcome, report.counts.expected, findings.length > 0, handlers > 0)
  console.log(LegalHoldError.isInstance(new Error('x')))
}
void main()
`

function withoutMsw(code: string): string {
  return code
    .replace(/^import .* from 'genesys-legal-hold-exporter\/testing\/msw'\n/m, '')
    .replace('genesysHandlers(simulators.genesys).length', '1')
}

// Under jest, which has a module system of its own; vitest and node:test run the same suites in this repository.
const everySuite = await readFile(join(root, 'test/testing/suites/every-suite.ts'), 'utf8')
const { code: suites } = await transform(everySuite, { loader: 'ts', format: 'cjs', target: 'node20' })

interface Project {
  readonly name: string
  readonly manifest: object
  readonly files: Readonly<Record<string, string>>
  /** Compiled with the other ones of TypeScript, before the commands. */
  readonly isTypeScript?: true
  readonly commands: readonly (readonly [string, ...string[]])[]
  /** What the last of them has to print. */
  readonly prints?: string
}

const typescript = (name: string, type: 'module' | 'commonjs', module: string, moduleResolution: string): Project => ({
  name,
  manifest: { type },
  files: {
    // msw's own declarations do not compile in a CommonJS package with node16 resolution and skipLibCheck off.
    'main.ts': type === 'commonjs' ? withoutMsw(program) : program,
    'tsconfig.json': JSON.stringify({
      compilerOptions: {
        module,
        moduleResolution,
        target: 'es2022',
        lib: ['es2023', 'dom'],
        strict: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: false,
        types: ['node'],
        outDir: 'out',
      },
      files: ['main.ts'],
    }),
  },
  isTypeScript: true,
  commands: moduleResolution === 'bundler' ? [] : [['every node', 'out/main.js']],
  ...(moduleResolution === 'bundler' ? {} : { prints: 'complete 4 true true' }),
})

const names = (load: string) => `
const expected = {
  '.': 'LegalHoldExporter',
  './genesys': 'RecordingJobsPlatform',
  './s3': 'S3StorageAdapter',
  './node': 'FileJournal',
  './testing': 'GenesysSimulator',
  './testing/msw': 'genesysHandlers',
  './opentelemetry': 'traceRun',
  './scale': 'ScaledExporter',
  './scale/aws': 'S3ShardStore',
}
${load}
`

/** A run in memory under fake timers, judged by the matchers. */
const matcherTest = (fake: string) => `
const { LegalHoldExporter } = require('genesys-legal-hold-exporter')
const { MemoryRecordingPlatform, MemoryStorageAdapter, SimulatedClock } = require('genesys-legal-hold-exporter/testing')
test('judge a run', async () => {
  ${fake}
  const clock = new SimulatedClock()
  const storage = new MemoryStorageAdapter({ clock })
  const recordings = [{ recordingId: 'r1' }, { recordingId: 'r2', fate: 'missing' }]
  const platform = new MemoryRecordingPlatform({ storage, clock, recordings })
  const exporter = new LegalHoldExporter({ platform, storage, clock, hold: { tag: 'matter-1' } })
  const report = await exporter.run(platform.request)
  expect(report).not.toBeComplete()
  expect(report).toHaveCounts({ repaired: 1, missing: 1 })
  expect(report).toHaveException({ recordingId: 'r2', reason: expect.any(String) })
  expect(() => expect(report).toBeComplete()).toThrow('r2')
})
`

const typedMatchers = (runner: 'vitest' | 'jest') => `
import 'genesys-legal-hold-exporter/testing/${runner}'
import { buildError, buildReport } from 'genesys-legal-hold-exporter/testing'
import { expect } from '${runner === 'jest' ? '@jest/globals' : runner}'
expect(buildReport()).toBeComplete()
expect(buildReport()).not.toHaveException({ state: 'missing', reason: /never/ })
expect(buildError('TIMEOUT')).toBeLegalHoldError('TIMEOUT')
// @ts-expect-error there is no such state
expect(buildReport()).toHaveCounts({ hold: 1 })
`

const projects: readonly Project[] = [
  {
    name: 'JavaScript, ESM',
    manifest: { type: 'module' },
    files: {
      'main.js': names(
        `for (const [entry, name] of Object.entries(expected)) {
          const loaded = await import('genesys-legal-hold-exporter' + entry.slice(1))
          if (typeof loaded[name] !== 'function') throw new Error(entry + ' has no ' + name)
        }`,
      ),
    },
    commands: [['every node', 'main.js']],
  },
  {
    name: 'JavaScript, CommonJS',
    manifest: { type: 'commonjs' },
    files: {
      'main.js': names(
        `for (const [entry, name] of Object.entries(expected)) {
          if (typeof require('genesys-legal-hold-exporter' + entry.slice(1))[name] !== 'function') throw new Error(entry + ' has no ' + name)
        }`,
      ),
    },
    commands: [['every node', 'main.js']],
  },
  typescript('TypeScript, node16, ESM', 'module', 'node16', 'node16'),
  typescript('TypeScript, node16, CommonJS', 'commonjs', 'node16', 'node16'),
  typescript('TypeScript, nodenext', 'module', 'nodenext', 'nodenext'),
  typescript('TypeScript, bundler', 'module', 'esnext', 'bundler'),
  {
    name: 'TypeScript for ES2022, without the types of Node',
    manifest: { type: 'module' },
    files: {
      'main.ts': `import { MemoryJournal } from 'genesys-legal-hold-exporter'\nexport const journal = new MemoryJournal()\n`,
      'tsconfig.json': JSON.stringify({
        compilerOptions: {
          module: 'nodenext',
          target: 'es2022',
          lib: ['es2022', 'dom'],
          types: [],
          strict: true,
          skipLibCheck: false,
          noEmit: true,
        },
        files: ['main.ts'],
      }),
    },
    isTypeScript: true,
    commands: [],
  },
  {
    name: 'the conformance suites and the kit under jest',
    manifest: { type: 'commonjs', jest: { testEnvironment: 'node', testTimeout: 60_000 } },
    files: {
      'every-suite.js': suites,
      'kit.test.js': "require('./every-suite.js').everySuite({ describe, test, expect })",
    },
    commands: [['node_modules/.bin/jest', '--ci', '--silent']],
  },
  {
    name: 'the matchers and fake timers under jest',
    manifest: { type: 'commonjs', jest: { testEnvironment: 'node', testTimeout: 60_000 } },
    files: {
      'matchers.test.js': `require('genesys-legal-hold-exporter/testing/jest')\n${matcherTest(`jest.useFakeTimers()`)}`,
    },
    commands: [['node_modules/.bin/jest', '--ci', '--silent']],
  },
  {
    name: 'the matchers and fake timers under vitest',
    manifest: { type: 'module' },
    files: {
      'matchers.test.js': `
import { expect, test, vi } from 'vitest'
import 'genesys-legal-hold-exporter/testing/vitest'
import { createRequire } from 'node:module'
const require = createRequire(import.meta.url)
${matcherTest(`vi.useFakeTimers()`)}`,
    },
    commands: [['node_modules/.bin/vitest', 'run', '--root', '.']],
  },
  {
    name: 'TypeScript, the types of the matchers',
    manifest: { type: 'module' },
    files: {
      'vitest.ts': typedMatchers('vitest'),
      'jest.ts': typedMatchers('jest'),
      'tsconfig.json': JSON.stringify({
        compilerOptions: {
          module: 'nodenext',
          target: 'es2022',
          lib: ['es2023', 'dom'],
          types: ['node'],
          strict: true,
          // The declarations of the two runners do not compile beside each other.
          skipLibCheck: true,
          noEmit: true,
        },
        files: ['vitest.ts', 'jest.ts'],
      }),
    },
    isTypeScript: true,
    commands: [],
  },
  {
    name: 'bundled by esbuild',
    manifest: { type: 'module' },
    files: {
      'main.js': `import { LegalHoldExporter } from 'genesys-legal-hold-exporter'\nconsole.log(typeof LegalHoldExporter)\n`,
    },
    commands: [
      [
        'node_modules/.bin/esbuild',
        'main.js',
        '--bundle',
        '--platform=node',
        '--format=esm',
        '--minify',
        '--outfile=out.js',
      ],
      ['every node', 'out.js'],
    ],
    prints: 'function',
  },
]

let passed = 0
const failures: string[] = []

async function check(name: string, work: () => Promise<string | undefined>): Promise<void> {
  const begunMs = performance.now()
  try {
    const wrong = await work()
    if (wrong !== undefined) throw new Error(wrong)
    passed += 1
    console.log(`ok    ${name} (${((performance.now() - begunMs) / 1000).toFixed(1)} s)`)
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as { stdout?: string; stderr?: string; message: string }
    failures.push(name)
    console.log(`FAIL  ${name}\n${message}\n${stdout}${stderr}`.trimEnd())
  }
}

async function write(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
}

/** The Node versions that are supported, as the npm package `node` carries them; else the one that runs this. */
async function nodesIn(folder: string): Promise<readonly string[]> {
  const aliases = nodeVersions.map((version) => `node-${version}@npm:node@${version}`)
  await write(folder, { 'package.json': '{"private":true}' })
  try {
    // Its binary comes by an install script, which the settings of a user may switch off.
    await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts=false', ...aliases], { cwd: folder })
    const paths = nodeVersions.map((version) => join(folder, `node_modules/node-${version}/bin/node`))
    for (const path of paths) await run(path, ['--version'])
    return paths
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error)
    console.log(
      `note  Node ${nodeVersions.join(', ')} could not be installed (${why}); continues with ${process.version}`,
    )
    return [process.execPath]
  }
}

async function main(): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'package-'))
  const env = { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' }
  try {
    const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', scratch], {
      cwd: root,
    })
    const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }]
    const tarball = join(scratch, packed.filename)

    await check('the tarball holds what is needed and nothing else', async () => {
      const paths = packed.files.map(({ path }) => path)
      const stray = paths.filter(
        (path) =>
          !/^(dist\/|docs\/|examples\/|schemas\/|package\.json$|LICENSE$|(README|THIRD-PARTY-NOTICES|CHANGELOG|CONTRIBUTING|SECURITY)\.md$)/.test(
            path,
          ),
      )
      if (stray.length > 0) return `stray: ${stray.join(', ')}`
      const needed = [
        'LICENSE',
        'README.md',
        'CHANGELOG.md',
        'dist/index.js',
        'dist/index.cjs',
        'dist/index.d.ts',
        'dist/index.d.cts',
        'schemas/report.schema.json',
        'schemas/journal-record.schema.json',
      ]
      const missing = needed.filter((path) => !paths.includes(path))
      return missing.length > 0 ? `missing: ${missing.join(', ')}` : undefined
    })

    await check('the links of its Markdown lead to files of the tarball', async () => {
      const paths = packed.files.map(({ path }) => path)
      await run('tar', ['-xzf', tarball, '-C', scratch])
      const dead = deadLinks(paths, (path) => readFileSync(join(scratch, 'package', path), 'utf8'))
      return dead.length > 0 ? dead.join(', ') : undefined
    })

    // One installation for all projects: what npm does with the tarball and its peers is the same for each.
    const shared = join(scratch, 'shared')
    const nodesComing = nodesIn(join(scratch, 'nodes'))
    await write(shared, { 'package.json': '{"private":true}' })
    await check('npm installs it with its peers by itself', async () => {
      const tools = [
        'typescript@5.9',
        '@types/node@20',
        'msw@2',
        '@opentelemetry/api@1',
        'jest@30',
        '@jest/globals@30',
        'vitest@4',
        'esbuild@0.27',
        'publint@0.3',
        '@arethetypeswrong/cli@0.18',
      ]
      await run('npm', ['install', '--no-audit', '--no-fund', tarball, ...tools], {
        cwd: shared,
        env,
        maxBuffer: 1e8,
      })
      const manifest = JSON.parse(await readFile(join(shared, 'node_modules/@aws-sdk/client-s3/package.json'), 'utf8'))
      return typeof manifest.version === 'string' ? undefined : 'the AWS SDK is not there'
    })

    const nodes = await nodesComing

    // Most of them wait for simulated landings more than they work.
    const atOnce = pLimit(availableParallelism() + 1)
    const folderOf = (project: Project) => join(shared, `project-${projects.indexOf(project)}`)
    for (const project of projects) {
      const folder = folderOf(project)
      await write(folder, { 'package.json': JSON.stringify({ private: true, ...project.manifest }), ...project.files })
      await symlink('../node_modules', join(folder, 'node_modules'))
    }
    // In one process, which parses the declarations of the two SDKs once for all of them; each is checked by its own settings.
    const typed = projects.filter(({ isTypeScript }) => isTypeScript)
    const compile = () =>
      check(typed.map(({ name }) => `${name}: tsc`).join('\n      '), async () => {
        await run(join(shared, 'node_modules/.bin/tsc'), ['--build', ...typed.map(folderOf)], { env, timeout: 300_000 })
        return undefined
      })
    const projectCheck = async (project: Project) => {
      const folder = folderOf(project)
      const commands = project.commands.flatMap(([command, ...args]) =>
        command === 'every node' ? nodes.map((path) => [path, ...args] as const) : [[command, ...args] as const],
      )
      for (const [command, ...args] of commands) {
        const shown = command.replace(/^.*node_modules\//, '')
        await check(`${project.name}: ${shown} ${args[0] ?? ''}`, async () => {
          const path = command.startsWith('node_modules/') ? join(folder, command) : command
          const ended = await run(path, args, { cwd: folder, env, timeout: 120_000 })
          const isLast = args.at(-1) === project.commands.at(-1)?.at(-1)
          if (isLast && !ended.stdout.includes(project.prints ?? '')) return `printed: ${ended.stdout}`
          return undefined
        })
      }
    }

    const installed = join(shared, 'node_modules/genesys-legal-hold-exporter/dist/cli.js')
    const walks = nodes.map(
      (node) => () =>
        check(
          `a matter from init to release, by the installed command: ${node.replace(/^.*node_modules\//, '')}`,
          async () => {
            const story = ['test/cli/terminal.slow.test.ts', 'test/cli/columns.slow.test.ts']
            const vitest = join(root, 'node_modules/vitest/vitest.mjs')
            await run(process.execPath, [vitest, 'run', ...story], {
              cwd: root,
              env: { ...env, CLI_UNDER_TEST: `'${node}' '${installed}'`, VITEST_MAX_WORKERS: '1' },
              timeout: 600_000,
            })
            return undefined
          },
        ),
    )
    // The longest first.
    const walked = atOnce.map(walks, (work) => work())
    const compiled = atOnce(compile)
    const others = atOnce.map(
      projects.filter(({ isTypeScript }) => !isTypeScript),
      projectCheck,
    )
    await compiled
    await Promise.all([walked, others, atOnce.map(typed, projectCheck)])

    await check('publint --strict', async () => {
      await run(join(shared, 'node_modules/.bin/publint'), ['--strict', tarball])
      return undefined
    })

    await check('attw --profile node16', async () => {
      await run(
        join(shared, 'node_modules/.bin/attw'),
        [
          tarball,
          '--profile',
          'node16',
          '--entrypoints',
          ...entries,
          './testing/msw',
          './testing/vitest',
          './testing/jest',
          './opentelemetry',
          './scale',
          './scale/aws',
        ],
        { env },
      )
      return undefined
    })
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
  console.log(`package: ${passed} checks passed, ${failures.length} failed`)
  process.exitCode = failures.length === 0 ? 0 : 1
}

await main()

import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const run = promisify(execFile)

/** Minified bytes of an entry: what importing it loads at once, and what is loaded only when it is used. */
async function sizesOf(entry: string): Promise<{ readonly atOnce: number; readonly later: number }> {
  const { metafile } = await build({
    entryPoints: [join(root, entry)],
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    outdir: 'out',
    absWorkingDir: root,
    external: ['@aws-sdk/*', 'purecloud-platform-client-v2', 'msw'],
    logLevel: 'silent',
  })
  const [first] = Object.entries(metafile.outputs).flatMap(([name, { entryPoint }]) =>
    entryPoint === entry ? [name] : [],
  )
  const loaded = new Set(first === undefined ? [] : [first])
  for (const name of loaded) {
    for (const { path, kind } of metafile.outputs[name]?.imports ?? []) {
      if (kind === 'import-statement' && path in metafile.outputs) loaded.add(path)
    }
  }
  const bytes = (names: Iterable<string>) =>
    [...names].reduce((sum, name) => sum + (metafile.outputs[name]?.bytes ?? 0), 0)
  return { atOnce: bytes(loaded), later: bytes(Object.keys(metafile.outputs)) - bytes(loaded) }
}

/** The declarations of an entry: its own file and all that they import, and the packages that they name. */
function declarationsOf(file: string): { readonly files: string[]; readonly packages: string[] } {
  const files = new Set([join(root, file)])
  const packages = new Set<string>()
  for (const path of files) {
    const text = readFileSync(path, 'utf8')
    for (const [, named, inline] of text.matchAll(
      /^(?:import|export) (?:[^'"]*? from )?['"]([^'"]+)['"]|\bimport\(['"]([^'"]+)/gm,
    )) {
      const from = named ?? inline ?? ''
      if (!from.startsWith('.')) packages.add(from)
      else
        files.add(
          join(dirname(path), from)
            .replace(/\.js$/, '.d.ts')
            .replace(/\.cjs$/, '.d.cts'),
        )
    }
  }
  return { files: [...files], packages: [...packages].sort() }
}

describe('the main entry costs next to nothing', () => {
  test('is under 32 kB minified, dependencies included; the rest is loaded when it is used', async () => {
    const { atOnce, later } = await sizesOf('src/index.ts')
    expect(atOnce).toBeLessThan(32_000)
    expect(atOnce).toBeGreaterThan(5_000)
    // What run() needs is there, and was counted.
    expect(later).toBeGreaterThan(60_000)
  })

  test('loads two files of this package and nothing else when it is imported', async () => {
    const hook = `
      import { writeSync } from 'node:fs'
      export async function load(url, context, next) { writeSync(1, url + '\\n'); return next(url, context) }`
    const code = `
      import { register } from 'node:module'
      register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hook)}))
      await import('genesys-legal-hold-exporter')
      console.log('imported')
      await import('p-limit')`
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code], { cwd: root })
    const lines = stdout.trim().split('\n')
    const atOnce = lines.slice(0, lines.indexOf('imported'))
    expect(atOnce.map((url) => url.replace(/.*\/(dist|node_modules)\//, '$1/').replace(/-\w{8}\./, '.'))).toEqual([
      'dist/index.js',
      // What other entries share with it: each file more would cost about as much as what is in it.
      'dist/chunk.js',
    ])
    // The hook sees packages too.
    expect(lines.slice(lines.indexOf('imported')).join()).toContain('p-limit')
  })

  test('takes under 15 ms to import, beside what Node takes for a file that is empty', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'import-'))
    const empty = pathToFileURL(join(dir, 'empty.mjs')).href
    try {
      await writeFile(fileURLToPath(empty), 'export {}')
      const least = new Map([empty, 'genesys-legal-hold-exporter'].map((name) => [name, Number.POSITIVE_INFINITY]))
      // Of the processor, and the least of a few: what else the machine does is none of ours.
      for (let round = 0; round < 15; round += 1) {
        for (const [name, ms] of least) {
          const code = `
            const before = process.cpuUsage()
            await import('${name}')
            const { user, system } = process.cpuUsage(before)
            console.log((user + system) / 1000)`
          const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code], { cwd: root })
          least.set(name, Math.min(ms, Number(stdout)))
        }
      }
      const [without = Number.NaN, withIt = Number.NaN] = [...least.values()]
      expect(withIt - without).toBeLessThan(15)
    } finally {
      await rm(dir, { recursive: true })
    }
  })

  test.each(['dist/index.d.ts', 'dist/index.d.cts'])('%s names no type of another package', (file) => {
    const { files, packages } = declarationsOf(file)
    expect(files.filter((path) => !existsSync(path))).toEqual([])
    expect(packages).toEqual([])
    // The scan sees packages where there are some.
    expect(declarationsOf(file.replace('index', 'testing-msw')).packages).toContain('msw')
  })
})

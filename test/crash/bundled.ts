import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** A program of this folder in one file: what starts a hundred times has to start fast. */
export async function bundled(name: string): Promise<{ readonly path: string; remove(): void }> {
  // Below the project, so that it finds the packages.
  const folder = join(root, '.cache')
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${name}-${process.pid}.mjs`)
  await build({
    entryPoints: [join(root, 'test/crash', `${name}.ts`)],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    outfile: path,
    logLevel: 'error',
  })
  return { path, remove: () => rmSync(path, { force: true }) }
}

/*
 * Bundles a Lambda function with everything it needs, and zips it:
 *
 *   node --import tsx examples/lambda/build.ts ENTRY OUT.zip [--format esm|cjs]
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { zipOf } from './zip.js'

/** A bundle: the name that Lambda loads it by, and its content. */
export interface Bundle {
  readonly name: 'handler.mjs' | 'handler.cjs'
  readonly content: Uint8Array
}

/** `require` of the CommonJS packages that are written into an ES module. */
const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"

/** The AWS SDK is bundled as well: the one that Lambda has changes by itself, and evidence names the code that made it. */
export async function bundleOf(entry: string, format: 'esm' | 'cjs'): Promise<Bundle> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    minify: true,
    // Errors are known by their names.
    keepNames: true,
    platform: 'node',
    target: 'node20',
    format,
    legalComments: 'none',
    // Files of this package that only share code with others.
    logOverride: { 'ignored-bare-import': 'silent' },
    ...(format === 'esm' ? { banner: { js: banner } } : {}),
    // What a worker that writes to S3 never loads.
    external: ['@aws-sdk/client-s3-control', '@aws-sdk/client-sfn', 'hyparquet', 'purecloud-platform-client-v2'],
  })
  const [file] = outputFiles
  if (file === undefined) throw new Error(`esbuild made nothing of ${entry}.`)
  return { name: format === 'esm' ? 'handler.mjs' : 'handler.cjs', content: file.contents }
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: { format: { type: 'string' } }, allowPositionals: true })
  const [entry, out] = positionals
  const { format = 'esm' } = values
  if (entry === undefined || out === undefined || (format !== 'esm' && format !== 'cjs')) {
    console.error('usage: build.ts ENTRY OUT.zip [--format esm|cjs]')
    process.exitCode = 2
    return
  }
  const { name, content } = await bundleOf(entry, format)
  const archive = zipOf(name, content)
  writeFileSync(out, archive)
  console.log(`${out}: ${name}, ${(archive.length / 1e6).toFixed(2)} MB zipped`)
}

if (process.argv[1]?.endsWith('build.ts')) await main()

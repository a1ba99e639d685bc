// The public surface as text: writes api/ anew from dist, which npm run api builds first; with --check says where it differs.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CompilerState, Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor'

const root = fileURLToPath(new URL('../', import.meta.url))
const entries = [
  'index',
  'genesys',
  's3',
  'node',
  'testing',
  'testing-msw',
  'testing-vitest',
  'testing-jest',
  'opentelemetry',
  'scale',
  'scale-aws',
]
const none = { default: { logLevel: ExtractorLogLevel.None } }

const declarationsOf = (entry: string): string => join(root, `dist/${entry}.d.ts`)

const check = process.argv.includes('--check')
const scratch = await mkdtemp(join(tmpdir(), 'api-'))
const changed: string[] = []
try {
  const configs = entries.map((entry) => configOf(entry, scratch))
  const [first] = configs
  if (first === undefined) throw new Error('There is no entry.')
  // One program for all entries: most of the time goes into reading the declarations of the two SDKs.
  const compilerState = CompilerState.create(first, { additionalEntryPoints: entries.map(declarationsOf) })
  for (const [at, config] of configs.entries()) {
    const { apiReportChanged } = Extractor.invoke(config, {
      compilerState,
      localBuild: !check,
      messageCallback: (message) => {
        // Which compiler analyses the declarations, and what is done about a difference, need not be said each time.
        if (message.logLevel !== ExtractorLogLevel.Error) message.handled = true
      },
    })
    const entry = entries[at]
    if (apiReportChanged && entry !== undefined) changed.push(entry)
  }
} finally {
  await rm(scratch, { recursive: true, force: true })
}
if (changed.length === 0) console.log('The public surface is as it is written down in api/.')
else if (check) {
  console.log(
    `The public surface differs from api/: ${changed.join(', ')}. Build first; if it is meant, npm run api and a line in the changelog.`,
  )
  process.exitCode = 1
} else console.log(`Rewritten: ${changed.map((entry) => `api/${entry}.api.md`).join(', ')}`)

function configOf(entry: string, reportTempFolder: string): ExtractorConfig {
  return ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, 'package.json'),
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: declarationsOf(entry),
      newlineKind: 'lf',
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            module: 'nodenext',
            target: 'es2022',
            lib: ['es2023', 'esnext.disposable'],
            types: ['node'],
            typeRoots: [join(root, 'node_modules/@types')],
            skipLibCheck: true,
            strict: true,
          },
          files: entries.map(declarationsOf),
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: `${entry}.api.md`,
        reportFolder: join(root, 'api'),
        reportTempFolder,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        extractorMessageReporting: none,
        tsdocMessageReporting: none,
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
      },
    },
  })
}

// The public surface as text: npm run api writes it anew from dist, npm run api -- --check says where it differs.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor'

const root = fileURLToPath(new URL('../', import.meta.url))
const entries = ['index', 'genesys', 's3', 'node', 'testing', 'testing-msw', 'opentelemetry']
const none = { default: { logLevel: ExtractorLogLevel.None } }

const check = process.argv.includes('--check')
const scratch = await mkdtemp(join(tmpdir(), 'api-'))
const changed: string[] = []
try {
  for (const entry of entries) {
    const declarations = join(root, `dist/${entry}.d.ts`)
    const config = ExtractorConfig.prepare({
      configObjectFullPath: undefined,
      packageJsonFullPath: join(root, 'package.json'),
      configObject: {
        projectFolder: root,
        mainEntryPointFilePath: declarations,
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
            files: [declarations],
          },
        },
        apiReport: {
          enabled: true,
          reportFileName: `${entry}.api.md`,
          reportFolder: join(root, 'api'),
          reportTempFolder: scratch,
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
    const { apiReportChanged } = Extractor.invoke(config, {
      localBuild: !check,
      messageCallback: (message) => {
        // Which compiler analyses the declarations, and what is done about a difference, need not be said each time.
        if (message.logLevel !== ExtractorLogLevel.Error) message.handled = true
      },
    })
    if (apiReportChanged) changed.push(entry)
  }
} finally {
  await rm(scratch, { recursive: true, force: true })
}
if (changed.length === 0) console.log('The public surface is as it is written down in api/.')
else if (check) {
  console.log(
    `The public surface differs from api/: ${changed.join(', ')}. If that is meant: npm run api, and the changelog.`,
  )
  process.exitCode = 1
} else console.log(`Written anew: ${changed.map((entry) => `api/${entry}.api.md`).join(', ')}`)

// Runs examples of the documentation one after the other: Genesys Cloud and S3 are answered by simulators, fresh ones for
// each, and anything else that is not loopback is an error. The process ends by itself, or the library has left something
// running.

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LegalHoldExporter } from 'genesys-legal-hold-exporter'
import { RecordingJobsPlatform } from 'genesys-legal-hold-exporter/genesys'
import { S3StorageAdapter } from 'genesys-legal-hold-exporter/s3'
import { type Simulators, simulatorCredentials, startSimulators } from 'genesys-legal-hold-exporter/testing'
import { genesysHandlers, s3Handlers } from 'genesys-legal-hold-exporter/testing/msw'
import { setupServer } from 'msw/node'

const { genesys, s3 } = simulatorCredentials
Object.assign(process.env, {
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  GENESYS_CLIENT_ID: genesys.clientId,
  GENESYS_CLIENT_SECRET: genesys.clientSecret,
  AWS_ACCESS_KEY_ID: s3.accessKeyId,
  AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
})
const interval = { start: '2023-10-01T00:00:00Z', end: '2023-10-03T00:00:00Z' }

/** What the quickstart does, for the pages that begin after it. */
async function exportInto({ description, scenario }: Simulators): Promise<void> {
  const { bucket, region } = description.s3
  const exporter = new LegalHoldExporter({
    platform: new RecordingJobsPlatform({ ...genesys }),
    storage: new S3StorageAdapter({ bucket, region }),
    hold: { tag: 'discovery-batch-2023-10' },
    polling: { minIntervalMs: 50 },
    landingSettleMs: 50,
  })
  const { outcome } = await exporter.run(scenario.request)
  if (outcome !== 'complete') throw new Error(`The export before the example is ${outcome}.`)
}

for (const argument of process.argv.slice(2)) {
  const [kind, file = ''] = argument.split(/:(.*)/s)
  console.log(`== ${file}`)
  const simulators = await startSimulators({ scenario: { count: 4, interval } })
  const server = setupServer(...genesysHandlers(simulators.genesys), ...s3Handlers(simulators.s3))
  server.listen({
    onUnhandledRequest: ({ url }, print) => {
      if (new URL(url).hostname !== '127.0.0.1') print.error()
    },
  })
  // Examples write where they are started.
  process.chdir(mkdtempSync(join(tmpdir(), 'example-')))
  try {
    if (kind === 'exported') await exportInto(simulators)
    await import(file)
  } finally {
    server.close()
    await simulators.close()
  }
}

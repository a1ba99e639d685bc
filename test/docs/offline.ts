// Runs an example of the documentation: Genesys Cloud and S3 are answered by the simulators, and anything else that is
// not loopback is an error. The process ends by itself, or the library has left something running.

import { simulatorCredentials, startSimulators } from 'genesys-legal-hold-exporter/testing'
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
const simulators = await startSimulators({ scenario: { count: 6, interval } })
const server = setupServer(...genesysHandlers(simulators.genesys), ...s3Handlers(simulators.s3))
server.listen({
  onUnhandledRequest: ({ url }, print) => {
    if (new URL(url).hostname !== '127.0.0.1') print.error()
  },
})

const [, , example = ''] = process.argv
try {
  await import(example)
} finally {
  server.close()
  await simulators.close()
}

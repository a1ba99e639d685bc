import { afterEach, expect, test, vi } from 'vitest'
import { resolved } from './resolved.js'

const packages = {
  '@aws-sdk/client-sns': { notify: { sns: { topicArn: 'arn:aws:sns:eu-west-1:111122223333:holds' } } },
  '@aws-sdk/client-eventbridge': { notify: { eventBridge: { bus: 'holds' } } },
  '@aws-sdk/client-kms': { evidence: { kmsKeyId: 'alias/holds' } },
} as const

afterEach(() => {
  for (const name of Object.keys(packages)) vi.doUnmock(name)
  vi.resetModules()
})

test.each(Object.entries(packages))('%s is found, or is a problem that says what to install', async (name, matter) => {
  vi.resetModules()
  const { packageChecks } = await import('#src/cli/doctor/packages.js')
  expect(await packageChecks(resolved(matter))).toMatchObject([{ area: 'package', subject: name, result: 'ok' }])
  vi.resetModules()
  vi.doMock(name, () => {
    throw Object.assign(new Error(`Cannot find package '${name}'`), { code: 'ERR_MODULE_NOT_FOUND' })
  })
  const without = await import('#src/cli/doctor/packages.js')
  expect(await without.packageChecks(resolved(matter))).toMatchObject([
    {
      area: 'package',
      subject: name,
      result: 'problem',
      message: expect.stringMatching(/notify\.sns|notify\.eventBridge|evidence\.kmsKeyId/),
      remedy: expect.stringContaining(`npm install ${name}`),
    },
  ])
})

test('what the matter does not need is no row', async () => {
  const { packageChecks } = await import('#src/cli/doctor/packages.js')
  expect(await packageChecks(resolved({ notify: { webhook: { url: 'https://example.com' } } }))).toEqual([])
})

test('doctor takes the flags that need them', async () => {
  const { doctor } = await import('#src/cli/commands/doctor.js')
  expect(doctor.flags.map(({ name }) => name)).toEqual(expect.arrayContaining(['notify-sns', 'notify-eventbridge']))
})

import { chmodSync, existsSync, mkdtempSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { clockCheck, diskChecks, hostChecks, nodeCheck } from '#src/cli/doctor/machine.js'
import { resolved } from './resolved.js'

const folder = () => mkdtempSync(join(tmpdir(), 'doctor-'))
const terminal = (env = {}) => ({ out: () => {}, err: () => {}, env, signal: new AbortController().signal })

test('an old Node is a problem', () => {
  const results = ['18.20.0', '20.18.9', '20.19.0', '22.0.0'].map((version) => nodeCheck(version).result)
  expect(results).toEqual(['problem', 'problem', 'ok', 'ok'])
})

test('a clock that is off by more than five minutes is a problem, whichever way', () => {
  const at = (skewMs: number) => clockCheck([{ host: 'h', theirs: skewMs, ours: 0 }])
  expect(at(1_000)).toMatchObject({ result: 'ok', message: '1 s behind the servers' })
  expect(at(-600_000)).toMatchObject({ result: 'problem', message: '600 s ahead of the servers' })
  expect(clockCheck([]).result).toBe('skipped')
})

test('a folder is tried without making it', async () => {
  const path = join(folder(), 'not/there/yet')
  expect(await diskChecks(path)).toMatchObject([
    { result: 'ok', message: 'can be written' },
    { message: expect.stringMatching(/GiB free$/) },
  ])
  expect(existsSync(path)).toBe(false)
})

test.skipIf(process.getuid?.() === 0)('a folder that cannot be written is a problem', async () => {
  const path = folder()
  chmodSync(path, 0o500)
  expect(await diskChecks(path)).toMatchObject([{ result: 'problem', message: expect.stringContaining('EACCES') }])
})

test('a path that leads through a file is a problem', async () => {
  expect(await diskChecks('/dev/null/journal')).toMatchObject([
    { result: 'problem', message: expect.stringContaining('cannot be written') },
  ])
})

test('a host that answers anything is there, one that does not is a problem, and loopback needs no proxy', async () => {
  const server = createServer((_, response) => response.writeHead(403).end()).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const matter = { genesys: { endpoint: `http://127.0.0.1:${port}` }, s3: { endpoint: 'http://127.0.0.1:1' } }
  try {
    const { checks, dates } = await hostChecks(resolved(matter), terminal())
    expect(checks.map(({ result }) => result)).toEqual(['ok', 'problem'])
    expect(dates).toHaveLength(1)
    const proxied = await hostChecks(resolved(matter), terminal({ HTTPS_PROXY: 'http://proxy' }))
    expect(proxied.checks.map(({ result }) => result)).toEqual(['ok', 'problem'])
  } finally {
    server.closeAllConnections()
    server.close()
  }
})

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import type { SimulatorsDescription } from '../../src/testing/index.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

function run(...args: string[]) {
  // No setting of ours: the script has to silence the AWS SDK itself.
  const { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: _, ...env } = process.env
  const child = spawn(process.execPath, ['--import', 'tsx', 'scripts/simulators.ts', ...args], { cwd: root, env })
  children.push(child)
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (data) => {
    output.stdout += data
  })
  child.stderr.on('data', (data) => {
    output.stderr += data
  })
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, ...output }))
  return { child, output, ended }
}

/** Waits for the line of JSON. */
async function ready({ output, ended }: ReturnType<typeof run>): Promise<SimulatorsDescription> {
  await Promise.race([
    ended.then(({ code, stderr }) => {
      throw new Error(`The script ended with ${code}: ${stderr}`)
    }),
    expect.poll(() => output.stdout, { timeout: 20_000, interval: 50 }).toContain('\n'),
  ])
  return JSON.parse(output.stdout)
}

describe('scripts/simulators.ts', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'prints one line of JSON, runs until %s, and prints nothing else',
    async (signal) => {
      const script = run()
      const description = await ready(script)
      expect(await (await fetch(`${description.genesys.endpoint}/_simulator`)).json()).toMatchObject(description)
      script.child.kill(signal)
      const { code, stdout, stderr } = await script.ended
      expect([code, stderr]).toEqual([0, ''])
      expect(stdout).toBe(`${JSON.stringify(description)}\n`)
    },
  )

  it('takes its state up after having been killed, on the ports it is given', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'simulators-'))
    try {
      const first = run('--data', dataDir)
      const before = await ready(first)
      const scenario = await reseed(before, { count: 3 })
      first.child.kill('SIGKILL')
      await first.ended
      const { port } = new URL(before.genesys.endpoint)
      const second = run('--data', dataDir, '--genesys-port', port)
      const after = await ready(second)
      expect(after.genesys).toEqual(before.genesys)
      // The same body again changes nothing, so the summary with its times is the one from before.
      expect(await reseed(after, { count: 3 })).toEqual(scenario)
      second.child.kill('SIGTERM')
      expect((await second.ended).code).toBe(0)
    } finally {
      rmSync(dataDir, { recursive: true })
    }
  })

  it.each([
    [['--s3-port', '70000'], /--s3-port takes a number from 0 to 65535/],
    [['--latency-ms', '-1'], /--latency-ms/],
    [['--port', '1'], /Unknown option '--port'/],
    [['extra'], /extra/],
  ])('refuses %j with what is wrong and exit code 1', async (args, message) => {
    const { code, stdout, stderr } = await run(...args).ended
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/^\s+at /m)
  })

  it('explains itself', async () => {
    const { code, stdout } = await run('--help').ended
    expect(code).toBe(0)
    for (const flag of ['--genesys-port', '--s3-port', '--data', '--latency-ms']) expect(stdout).toContain(flag)
  })
})

async function reseed({ genesys }: SimulatorsDescription, body: unknown): Promise<unknown> {
  const url = `${genesys.endpoint}/_simulator/scenario`
  const response = await fetch(url, { method: 'PUT', body: JSON.stringify(body) })
  expect(response.status).toBe(200)
  return ((await response.json()) as { scenario: unknown }).scenario
}

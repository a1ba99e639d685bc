import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { leafHash, MerkleTree } from '#src/custody/crypto/merkle.js'
import type { RunReport } from '#src/index.js'
import { verifyEvidence } from '#src/node.js'
import { type Simulators, startSimulators } from '#src/testing/index.js'
import { freshFolder, newKey } from '../bundle-world.js'

const child = fileURLToPath(new URL('./killed-child.ts', import.meta.url))
let simulators: Simulators | undefined
afterEach(() => simulators?.close())

/** Runs the child until it has printed `line` the `nth` time, then kills it; without, to its end. */
function run(mode: string, file: string, until?: { readonly line: string; readonly nth: number }): Promise<string> {
  return new Promise((resolve, reject) => {
    const process_ = spawn(process.execPath, ['--import', 'tsx', child, mode, file], {
      env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let out = ''
    process_.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString()
      if (until === undefined) return
      if (out.split('\n').filter((line) => line === until.line).length >= until.nth) process_.kill('SIGKILL')
    })
    process_.once('close', (code, signal) => {
      if (signal === 'SIGKILL' || (until === undefined && code === 0)) resolve(out)
      else reject(new Error(`The child ended with ${code} ${signal}: ${out}`))
    })
  })
}

describe('a run with evidence that is killed', () => {
  test.each([
    ['in the middle', { line: 'repaired', nth: 15 }, true],
    ['in the middle, without a journal of its own', { line: 'repaired', nth: 15 }, false],
    ['while it is being sealed', { line: 'signing', nth: 1 }, true],
  ] as const)(
    '%s goes on, and what is sealed then verifies and has no gap',
    async (_, until, hasJournal) => {
      simulators = await startSimulators({ scenario: { count: 12 } })
      const { genesys, s3 } = simulators.description
      const key = newKey()
      const dir = freshFolder()
      mkdirSync(dirname(dir), { recursive: true })
      const journal = hasJournal ? join(dirname(dir), 'journal') : undefined
      const file = join(dirname(dir), 'job.json')
      const { request } = simulators.scenario
      writeFileSync(file, JSON.stringify({ genesys, s3, request, dir, journal, pem: key.pem }))

      await run(until.line === 'signing' ? 'signing' : 'whole', file, until)
      expect(existsSync(join(dir, 'statement.dsse.json'))).toBe(false)
      const kept = join(journal ?? join(dir, 'journal'), 'records.jsonl')
      const before = readFileSync(kept)
      // What had no line break yet was lost with the process.
      const durable = before.subarray(0, before.lastIndexOf(0x0a) + 1)
      const report: RunReport = JSON.parse((await run('whole', file)).trim().split('\n').at(-1) ?? '')
      expect(report.exceptions).toEqual([])
      expect(report).toMatchObject({ outcome: 'complete', counts: { expected: 12 } })

      const { verified, problems, predicate } = await verifyEvidence(dir, { fingerprint: key.fingerprint })
      expect(problems).toEqual([])
      expect(verified).toBe(true)
      const records = readFileSync(join(dir, 'records.jsonl'))
      expect(records.subarray(0, durable.length).equals(durable)).toBe(true)
      if (journal !== undefined) expect(readFileSync(kept).equals(records)).toBe(true)
      const lines = records.toString().trimEnd().split('\n')
      const sequences = lines.map((line) => JSON.parse(line).sequence)
      expect(sequences).toEqual(lines.map((_line, at) => at + 1))
      const tree = new MerkleTree()
      for (const line of lines) tree.append(leafHash(Buffer.from(line)))
      expect(predicate?.log).toEqual({ hash: 'sha256', rootHash: tree.root().toString('hex'), treeSize: lines.length })
      const types = lines.map((line) => JSON.parse(line).type)
      expect(types.filter((type) => type === 'run-started')).toHaveLength(1)
      // A run that was over had only to be sealed.
      expect(types.filter((type) => type === 'run-resumed')).toHaveLength(until.line === 'signing' ? 0 : 1)
      expect(types.filter((type) => type === 'report')).toHaveLength(1)
      expect(existsSync(join(dir, 'journal'))).toBe(false)
    },
    120_000,
  )
})

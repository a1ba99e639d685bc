import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { commands } from '#src/cli/commands.js'
import { exitCodeOfRun, exitCodes, exitCodeTable } from '#src/cli/exit-codes.js'
import type { RunReport } from '#src/index.js'
import { verifyEvidence, verifyProof } from '#src/node.js'
import { folder, freshFolder, type SealedWorld, sealedRun } from '../custody/bundle-world.js'
import { cli } from './run-cli.js'

test('are documented in one table, and the same table is in the help of each command', async () => {
  const page = readFileSync(fileURLToPath(new URL('../../docs/command-line.md', import.meta.url)), 'utf8')
  const rows = [...page.matchAll(/^\| `(\d+)` \| (.*) \|$/gm)].map(([, code, meaning]) => [code, meaning])
  expect(rows).toEqual(exitCodeTable)
  for (const args of [['--help'], ...commands.map(({ name }) => [name, '--help'])]) {
    const { out } = await cli(args)
    const told = [...out.matchAll(/^ {2}(\d+) +(.*)$/gm)].map(([, code, meaning]) => [code, meaning])
    expect(told).toEqual(exitCodeTable)
  }
})

test('are 0 for a complete run only, whatever else a report says', () => {
  const code = (outcome: string) => exitCodeOfRun({ outcome } as Pick<RunReport, 'outcome'>)
  expect(['complete', 'incomplete', 'nothing-expected', 'excellent'].map(code)).toEqual([0, 2, 3, 2])
})

describe('verify without a key', () => {
  let world: SealedWorld
  beforeAll(async () => {
    world = await sealedRun()
  })

  test('says NOT AUTHENTICATED where everything else holds', async () => {
    const { code, out } = await cli(['verify', world.dir])
    expect(code).toBe(exitCodes.nothingShown)
    expect(out).toMatch(/^NOT AUTHENTICATED/)
    expect(out).not.toContain('DOES NOT VERIFY')
    expect(out).toContain(`fingerprint found: ${world.key.fingerprint}`)
    const json = JSON.parse((await cli(['verify', world.dir, '--json'])).out)
    expect(json).toMatchObject({ verified: false, status: 'not-authenticated', problems: [{ code: 'no-key' }] })
    expect(await verifyEvidence(world.dir, { publicKey: world.key.publicKey })).toMatchObject({ status: 'verifies' })
  })

  test('says DOES NOT VERIFY where a byte is changed', async () => {
    const { dir } = await sealedRun()
    const path = join(dir, 'exceptions.csv')
    writeFileSync(path, `${readFileSync(path, 'utf8')} `)
    const { code, out } = await cli(['verify', dir])
    expect(code).toBe(exitCodes.badResult)
    expect(out).toMatch(/^DOES NOT VERIFY/)
    const json = JSON.parse((await cli(['verify', dir, '--json'])).out)
    expect(json).toMatchObject({ verified: false, status: 'does-not-verify' })
  })

  test('is the same of a proof', async () => {
    const file = freshFolder('proof.json')
    await cli(['prove', world.dir, `memory/${folder}/r2.json`, '--out', file])
    const { code, out } = await cli(['verify', '--proof', file])
    expect(code).toBe(exitCodes.nothingShown)
    expect(out).toMatch(/^NOT AUTHENTICATED/)
    const text = readFileSync(file, 'utf8')
    expect(verifyProof(text, {})).toMatchObject({ verified: false, status: 'not-authenticated' })
    expect(verifyProof(text, { fingerprint: world.key.fingerprint })).toMatchObject({ status: 'verifies' })
    writeFileSync(file, text.replace('repaired', 'held'))
    const changed = await cli(['verify', '--proof', file])
    expect(changed.code).toBe(exitCodes.badResult)
    expect(changed.out).toMatch(/^DOES NOT VERIFY/)
    expect(verifyProof('{}', {})).toMatchObject({ status: 'does-not-verify' })
  })
})

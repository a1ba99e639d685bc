import { beforeAll, describe, expect, test } from 'vitest'
import { type JournalRecord, LegalHoldError, MemoryJournal } from '#src/index.js'
import { AccountCheck } from '#src/journal/check/account-check.js'
import { readCheckpoint } from '#src/journal/checkpoint.js'
import { recordOf } from '#src/journal/form/record-form.js'
import { sealEvidence, verifyEvidence } from '#src/node.js'
import { freshFolder, newKey } from '../bundle-world.js'
import { claimsOf, liesOf } from './claims.js'
import { forged } from './forgery.js'
import { type TamperWorld, tamperWorlds } from './tamper-worlds.js'
import { tampered } from './tampering.js'

/** More are looked at by TAMPER_RUNS=… TAMPER_SEED=… */
const perWorld = Number(process.env.TAMPER_RUNS ?? 300)
const seed = Number(process.env.TAMPER_SEED ?? 1)
// Sealing writes files. What it decides is decided by the check of the records, which is asked each time.
const sealedOneIn = 12

let worlds: readonly TamperWorld[]
beforeAll(async () => {
  worlds = await tamperWorlds()
})

const key = newKey()

async function journalOf(records: readonly JournalRecord[]): Promise<MemoryJournal> {
  const journal = new MemoryJournal()
  for (const { sequence, ...record } of records) await journal.append(record)
  return journal
}

const sealed = async (records: readonly JournalRecord[]) =>
  sealEvidence(await journalOf(records), { dir: freshFolder(), signer: key.signer })

/** The first line that cannot stand, and why. */
function refusalOf(records: readonly JournalRecord[]): { readonly line: number; readonly why: string } | undefined {
  const check = new AccountCheck()
  for (const record of records) {
    const read = recordOf(record)
    const why = typeof read === 'string' ? read : check.take(read)
    if (typeof why === 'string') return { line: record.sequence, why }
  }
  return undefined
}

/** Sealing, resuming and verifying come to the same as the check. */
async function expectAgreement(records: readonly JournalRecord[], what: string): Promise<void> {
  const refusal = refusalOf(records)
  const result = await sealed(records).catch((error: unknown) => error)
  if (refusal === undefined) {
    if (LegalHoldError.isInstance(result)) {
      // Without its report a run is not over.
      expect(result.message, what).toContain('the journal holds no report')
      return
    }
    const { problems } = await verifyEvidence((result as { dir: string }).dir, { publicKey: key.publicKey })
    expect(problems, what).toEqual([])
    return
  }
  const corrupt = { code: 'JOURNAL_CORRUPT', details: { line: refusal.line } }
  expect(result, what).toMatchObject(corrupt)
  const resumed = await readCheckpoint(await journalOf(records)).catch((error: unknown) => error)
  // What is of another type than it must be is found as it is used.
  expect(resumed, what).toMatchObject({ code: 'JOURNAL_CORRUPT', details: { line: expect.any(Number) } })
  expect((resumed as { details: { line: number } }).details.line, what).toBeLessThanOrEqual(refusal.line)
}

describe('records that were changed, and sealed by who changed them', () => {
  test('are not those of any run: each run seals, verifies and is of its kind', async () => {
    for (const { name, records } of worlds) {
      const { dir } = await sealed(records)
      expect((await verifyEvidence(dir, { publicKey: key.publicKey })).problems, name).toEqual([])
    }
    const outcomes = worlds.map(({ records }) => claimsOf(records).outcome)
    expect(outcomes.filter((outcome) => outcome === 'complete').length).toBeGreaterThanOrEqual(3)
    expect(outcomes.filter((outcome) => outcome === 'incomplete').length).toBeGreaterThanOrEqual(4)
  })

  test('say what is not so in none of 3,000 ways: they are refused with their line, or say no more than was found', async () => {
    const tally = { refused: 0, harmless: 0, sealed: 0 }
    const lies: string[] = []
    for (const [number, { name, records }] of worlds.entries()) {
      const truth = claimsOf(records)
      for (let run = 0; run < perWorld; run += 1) {
        const { what, records: changed } = tampered(records, seed + number * 1_000_003 + run)
        const case_ = `${name}, ${number}/${run}: ${what}`
        if (run % sealedOneIn === 0) {
          tally.sealed += 1
          await expectAgreement(changed, case_)
        }
        const isFinished = changed.some(({ type }) => type === 'report')
        if (refusalOf(changed) !== undefined || !isFinished) {
          tally.refused += 1
          continue
        }
        tally.harmless += 1
        if (process.env.TAMPER_SHOW !== undefined) console.log(case_)
        const own = liesOf(truth, claimsOf(changed))
        if (own.length > 0) lies.push(`${case_}\n   ${own.join('\n   ')}`)
      }
    }
    expect(lies.slice(0, 20), `${lies.length} lies, ${JSON.stringify(tally)}`).toEqual([])
    expect(tally.refused + tally.harmless).toBe(perWorld * worlds.length)
    expect(tally.refused).toBeGreaterThan(tally.harmless)
  })

  test('say what is not so in none of the ways in which somebody would make them say it, with a report that fits', () => {
    let count = 0
    const lies: string[] = []
    for (const { name, records } of worlds) {
      const truth = claimsOf(records)
      for (const { what, records: changed } of forged(records)) {
        count += 1
        if (refusalOf(changed) !== undefined) continue
        const own = liesOf(truth, claimsOf(changed))
        if (own.length > 0) lies.push(`${name}: ${what}\n   ${own.join('\n   ')}`)
      }
    }
    expect(lies.slice(0, 20), `${lies.length} lies of ${count}`).toEqual([])
    expect(count).toBeGreaterThan(1_000)
  })
})

import { verb } from '../../internal/text/counted.js'
import type { LegalHoldError } from '../../model/errors.js'
import type { Finding, FindingCode } from '../../model/findings.js'
import type { Given } from '../arguments.js'
import { exitCodes } from '../exit-codes.js'
import { shown, type Terminal } from '../terminal.js'

/** The flag, or the command, that does what the remedy of a blocker says. What only an administrator can do has none. */
const flagOfCode: Partial<Readonly<Record<FindingCode, string>>> = {
  'profile-not-found': '--integration ID or --profile ID; `integrations` lists those there are',
  'bucket-mismatch': '--bucket BUCKET, or another --integration ID',
  'bucket-unreachable': '--bucket BUCKET and --bucket-region REGION',
  'format-not-applicable': '--format NAME',
  'integration-disabled': '--integration ID; `integrations` lists those that are active',
  'integration-inactive': '--integration ID; `integrations` lists those that are active',
  'hold-metadata-disabled': '--allow-profile-update',
  'region-mismatch': '--residency REGIONS, or --bucket BUCKET',
  'object-lock-unavailable': 'the command without --require-legal-hold and --retain-until, or --bucket BUCKET',
  'object-tags-unavailable': '--require-metadata NAME=VALUE in place of --require-tag',
  'permission-missing': '`doctor` lists every permission',
  'interval-not-indexed': '--on-unindexed wait, or an earlier end in --interval START/END',
  'client-scope-narrow': '--divisions IDS',
  'cloudtrail-bucket': '--bucket BUCKET',
  'versioning-off': '--require-legal-hold or --require-tag NAME=VALUE in place of the metadata, or --bucket BUCKET',
}

/** What to type so that a blocker is none any more; `undefined` where no flag does that. */
export function flagFor({ severity, code, remedy }: Finding): string | undefined {
  if (severity !== 'blocker') return undefined
  // A policy of Genesys Cloud and a term of your own have the same code, and are kept from deleting in different ways.
  if (code === 'retention-deletes-before-hold') {
    return remedy.includes('protectSource') ? '--protect-source' : '--require-legal-hold, or --retain-until DATE'
  }
  return flagOfCode[code]
}

/** What to type for what the line above says. */
export function flagLine(flag: string): string {
  return `on the command line: ${flag}`
}

/** A finding, as a terminal shows it; a blocker with what to do, and the flag that does it. */
export function describeFinding(finding: Finding, accepted = false): string {
  const { severity, code, message, remedy } = finding
  const label = accepted ? 'accepted' : severity
  const indent = `\n${' '.repeat(10)}`
  const flag = flagFor(finding)
  const advice = severity === 'blocker' ? `${indent}${shown(remedy)}` : ''
  const by = !accepted && flag !== undefined ? `${indent}${flagLine(flag)}` : ''
  return `${label.padEnd(9)} ${code}: ${shown(message)}${advice}${by}`
}

/** What to type where somebody answers for what blocks. */
export function acceptances(findings: readonly Finding[]): readonly string[] {
  const codes = new Set(findings.filter(({ severity }) => severity === 'blocker').map(({ code }) => code))
  return [...codes].map((code) => `--accept ${code} --reason "…"`)
}

/** How blockers may pass, each flag on a line of its own, where it can be copied. @param where as "add to export" */
export function howToAccept(blockers: readonly Finding[], where: string): string {
  const lines = acceptances(blockers).map((flag) => `  ${flag}`)
  return `To accept ${verb(blockers.length, 'it', 'them')}, if somebody answers for it, ${where}:\n${lines.join('\n')}`
}

/** Says what blocked a run, and how it may pass. @returns the exit code */
export function tellBlocked(error: LegalHoldError, given: Given, terminal: Terminal): number {
  const blockers = (error.findings ?? []).filter(({ severity }) => severity === 'blocker')
  if (given.flag('json')) terminal.out(JSON.stringify({ outcome: 'blocked', findings: error.findings ?? [] }, null, 2))
  terminal.err(shown(error.message.split('\n')[0]?.replace(/:$/, '.')))
  terminal.err(howToAccept(blockers, 'add'))
  return exitCodes.badResult
}

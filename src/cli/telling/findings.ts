import type { LegalHoldError } from '../../model/errors.js'
import type { Finding, FindingCode } from '../../model/findings.js'
import type { Given } from '../arguments.js'
import { exitCodes } from '../exit-codes.js'
import { shown, type Terminal } from '../terminal.js'

/** The flag, or the command, that does what the remedy of a blocker says. */
const flagOf: Partial<Readonly<Record<FindingCode, string>>> = {
  'profile-not-found': '--integration ID or --profile ID; `integrations` lists those there are',
  'bucket-mismatch': '--bucket BUCKET, or another --integration ID',
  'bucket-unreachable': '--bucket BUCKET and --bucket-region REGION',
  'format-not-applicable': '--format NAME',
  'integration-disabled': '--integration ID; `integrations` lists those that are active',
  'integration-inactive': '--integration ID; `integrations` lists those that are active',
  'hold-metadata-disabled': '--allow-profile-update',
  'retention-deletes-before-hold': '--protect-source, or --require-legal-hold',
  'lifecycle-expires-objects': '--require-legal-hold',
  'lifecycle-expires-noncurrent': '--require-legal-hold --versions all',
  'region-mismatch': '--residency REGIONS, or --bucket BUCKET',
  'object-lock-unavailable': 'the command without --require-legal-hold and --retain-until, or --bucket BUCKET',
  'object-tags-unavailable': '--require-metadata NAME=VALUE in place of --require-tag',
  'permission-missing': '`doctor` lists every permission',
  'interval-not-indexed': '--on-unindexed wait, or an earlier end in --interval START/END',
  'client-scope-narrow': '--divisions IDS',
  'org-retention-deletes': '--protect-source',
  'cloudtrail-bucket': '--bucket BUCKET',
  'versioning-off': '--bucket BUCKET',
}

/** A finding, as a terminal shows it; a blocker with what to do, and the flag that does it. */
export function describeFinding({ severity, code, message, remedy }: Finding, accepted = false): string {
  const label = accepted ? 'accepted' : severity
  const indent = `\n${' '.repeat(10)}`
  const flag = flagOf[code]
  const advice = severity === 'blocker' ? `${indent}${shown(remedy)}` : ''
  const by = severity === 'blocker' && !accepted && flag !== undefined ? `${indent}by: ${flag}` : ''
  return `${label.padEnd(9)} ${code}: ${shown(message)}${advice}${by}`
}

/** What to type where somebody answers for what blocks. */
export function acceptances(findings: readonly Finding[]): string {
  const codes = new Set(findings.filter(({ severity }) => severity === 'blocker').map(({ code }) => code))
  return [...codes].map((code) => `--accept ${code} --reason "…"`).join(' ')
}

/** Says what blocked a run, and how it may pass. @returns the exit code */
export function tellBlocked(error: LegalHoldError, given: Given, terminal: Terminal): number {
  const blockers = (error.findings ?? []).filter(({ severity }) => severity === 'blocker')
  if (given.flag('json')) terminal.out(JSON.stringify({ outcome: 'blocked', findings: error.findings ?? [] }, null, 2))
  terminal.err(shown(error.message.split('\n')[0]))
  terminal.err(`To accept them, if somebody answers for it, add: ${acceptances(blockers)}`)
  return exitCodes.badResult
}

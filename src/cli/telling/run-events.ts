import type { RunEvent } from '../../model/events.js'
import type { FlagSpec } from '../command.js'
import { shown, type Terminal } from '../terminal.js'
import { describeFinding } from './findings.js'

/** Flag of the commands that run. */
export const auditFlag: FlagSpec = {
  name: 'audit',
  kind: 'flag',
  about: "read Genesys Cloud's audit trail: who deleted missing recordings",
}

/** Tells what happens in a run, as far as a person wants to know at once. */
export function tellEvent(event: RunEvent, terminal: Terminal): void {
  if (event.type === 'finding') terminal.out(describeFinding(event.finding, event.accepted))
  if (event.type === 'job-progress') terminal.out(`job ${shown(event.job.id)}: ${shown(event.job.platformState)}`)
  if (event.type === 'sealed') {
    terminal.out(`evidence: ${event.evidence.dir}\nsigned with: ${event.evidence.fingerprint}`)
  }
}

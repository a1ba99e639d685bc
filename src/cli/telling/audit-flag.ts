import type { FlagSpec } from '../command.js'

/** Flag of the commands that run. */
export const auditFlag: FlagSpec = {
  name: 'audit',
  kind: 'flag',
  about: "read Genesys Cloud's audit trail: who deleted missing recordings",
}

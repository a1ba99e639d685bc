import type { Finding } from '../../model/findings.js'
import type { CallOptions } from '../../ports/runtime.js'
import type { GenesysClient } from '../client/client.js'
import { viewsAudits } from './audit-trail.js'
import { ask } from './question.js'

/** Whether the audit trail can be read at the end of the run, which asks for it. One request. */
export async function auditFindings(client: GenesysClient, options?: CallOptions): Promise<readonly Finding[]> {
  const answer = await ask(
    client,
    {
      operation: 'list the services that are audited',
      unknown: 'who deleted, exported or unprotected recordings',
      permission: viewsAudits,
      call: { method: 'GET', path: '/api/v2/audits/query/servicemapping' },
    },
    options,
  )
  return answer.finding === undefined ? [] : [answer.finding]
}

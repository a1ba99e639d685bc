import type { Finding } from '../../model/findings.js'
import type { CallOptions } from '../../ports/runtime.js'
import { answerOf, isAnswer, listOf, textOf } from '../client/answer.js'
import type { GenesysClient } from '../client/client.js'
import { otherThanPage } from '../client/pages.js'
import { ask } from './question.js'

/** The permission of encryption keys. */
export const viewsKeys = 'recording:encryptionKey:view'

/** Keys that Genesys could not reach: what is encrypted with them cannot be exported. One request. */
export async function keyFindings(client: GenesysClient, options?: CallOptions): Promise<readonly Finding[]> {
  const answer = await ask(
    client,
    {
      operation: 'list the key configurations of recordings',
      unknown: 'whether the encryption keys of recordings can be reached',
      permission: viewsKeys,
      call: { method: 'GET', path: '/api/v2/recording/keyconfigurations' },
      foreign: otherThanPage(),
    },
    options,
  )
  if (answer.finding !== undefined) return [answer.finding]
  return (listOf(answer.body, 'entities') ?? []).filter(isAnswer).flatMap((configuration) => {
    const error = answerOf(configuration, 'lastError')
    if (error === undefined) return []
    const id = textOf(configuration, 'id') ?? 'without an id'
    const type = textOf(configuration, 'keyConfigurationType') ?? 'of no known type'
    const why = [textOf(error, 'code'), textOf(error, 'message')].filter((part) => part !== undefined).join(': ')
    return [
      {
        code: 'encryption-key-unreachable',
        severity: 'warning',
        subject: id,
        message: `Genesys Cloud reports an error of the key configuration ${id} (${type})${why === '' ? '' : `, ${client.redact(why)}`}: recordings that are encrypted with its key cannot be exported.`,
        remedy: 'Restore the access to the key (its policy, its alias, the URL of the key manager) before the export.',
      } as const,
    ]
  })
}

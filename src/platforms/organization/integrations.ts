import type { CallOptions } from '../../ports/runtime.js'
import { type Answer, answerOf, isAnswer, textOf } from '../client/answer.js'
import type { GenesysClient } from '../client/client.js'
import { numberedPages } from '../client/pages.js'

/** An integration of the organisation, as the platform lists it. */
export interface ListedIntegration {
  readonly id: string
  readonly name: string | undefined
  /** Id of its type; that of the recording bulk actions on S3 says so in its name. */
  readonly type: string | undefined
  readonly intendedState: string | undefined
  readonly reportedState: string | undefined
}

const pageSize = 100

/**
 * The integrations that the client may see.
 *
 * @throws `PLATFORM_*`, `ABORTED`
 */
export async function* listIntegrations(
  client: GenesysClient,
  options: CallOptions = {},
): AsyncGenerator<ListedIntegration, void, void> {
  const page = async (pageNumber: number): Promise<Answer> => {
    const { body } = await client.request(
      {
        operation: 'list the integrations',
        stage: 'inspect',
        send: ({ integrations }) => integrations.getIntegrations({ pageSize, pageNumber }),
      },
      options,
    )
    return body
  }
  for await (const item of numberedPages({ subject: 'the integrations', stage: 'inspect' }, page)) {
    const id = isAnswer(item) ? textOf(item, 'id') : undefined
    if (!isAnswer(item) || id === undefined) continue
    yield {
      id,
      name: textOf(item, 'name'),
      type: textOf(answerOf(item, 'integrationType'), 'id'),
      intendedState: textOf(item, 'intendedState'),
      reportedState: textOf(answerOf(item, 'reportedState'), 'code'),
    }
  }
}

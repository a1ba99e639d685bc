import { Column } from '../../internal/tables/column.js'
import { Texts } from '../../internal/tables/texts.js'
import type { ConversationDetails } from '../../model/platform.js'
import { listOf, textOf } from '../client/answer.js'

const directions: readonly string[] = ['', 'inbound', 'outbound']
const customers: ReadonlySet<string> = new Set(['customer', 'external'])
/** Users of a conversation that are named. */
const agentsNamed = 20

/** What a person recognises conversations by, as the rows of analytics say: three bytes each, without their participants. */
export class ConversationDetailsTable {
  readonly #directions = Column.bytes()
  readonly #queues = Column.shorts()
  readonly #queueIds = new Texts('')
  #queueNames: ReadonlyMap<string, string> = new Map()
  readonly #participants = new Map<number, Pick<ConversationDetails, 'agents' | 'customer'>>()
  readonly #withParticipants: boolean

  /** @param withParticipants whether agents and customers are kept: personal data */
  constructor(withParticipants: boolean) {
    this.#withParticipants = withParticipants
  }

  add(row: number, conversation: unknown): void {
    const direction = directions.indexOf(textOf(conversation, 'originatingDirection')?.toLowerCase() ?? '')
    if (direction > 0) this.#directions.set(row, direction)
    const queueId = firstQueueOf(conversation)
    if (queueId !== undefined) this.#queues.set(row, this.#queueIds.numberOf(queueId))
    if (this.#withParticipants) this.#participants.set(row, participantsOf(conversation))
  }

  at(row: number): ConversationDetails | undefined {
    const direction = directions[this.#directions.get(row)]
    const queueId = this.#queueIds.textAt(this.#queues.get(row))
    const participants = this.#participants.get(row)
    if (!direction && !queueId && participants === undefined) return undefined
    const queueName = this.#queueNames.get(queueId.toLowerCase())
    return {
      ...(direction ? { direction } : {}),
      ...(queueId ? { queueId } : {}),
      ...(queueName === undefined ? {} : { queueName }),
      ...participants,
    }
  }

  /** The queues that any of them was in first. */
  get queueIds(): readonly string[] {
    return this.#queueIds.all
  }

  /** @param names by the ids in lower case */
  nameQueues(names: ReadonlyMap<string, string>): void {
    this.#queueNames = names
  }
}

function firstQueueOf(conversation: unknown): string | undefined {
  for (const participant of listOf(conversation, 'participants') ?? []) {
    for (const session of listOf(participant, 'sessions') ?? []) {
      for (const segment of listOf(session, 'segments') ?? []) {
        const queueId = textOf(segment, 'queueId')
        if (queueId !== undefined) return queueId
      }
    }
  }
  return undefined
}

function participantsOf(conversation: unknown): Pick<ConversationDetails, 'agents' | 'customer'> {
  const participants = listOf(conversation, 'participants') ?? []
  const agents = [...new Set(participants.flatMap((one) => textOf(one, 'userId') ?? []))].slice(0, agentsNamed)
  const customer = participants.find((one) => customers.has(textOf(one, 'purpose')?.toLowerCase() ?? ''))
  const [session] = listOf(customer, 'sessions') ?? []
  const name = textOf(customer, 'participantName') ?? textOf(session, 'ani', 'addressFrom')
  return { ...(agents.length === 0 ? {} : { agents }), ...(name === undefined ? {} : { customer: name }) }
}

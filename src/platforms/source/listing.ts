import type { Finding } from '../../model/findings.js'
import type { CallOptions } from '../../ports/runtime.js'
import { type Answer, isAnswer, listOf, numberOf, textOf } from '../client/answer.js'
import type { GenesysClient } from '../client/client.js'
import { otherThanPage } from '../client/pages.js'
import { ask, type SourceQuestion } from './question.js'

/** Elements of a page: as many as Genesys gives in listings of this kind. */
const pageSize = 100

/** A listing of the source, as far as it was read. */
export interface SourceListing {
  readonly entities: readonly Answer[]
  /** What else the first page says. */
  readonly first: Answer
  /** There are more pages than were read. */
  readonly isCut: boolean
}

/** Reads a numbered listing, for at most `mostPages` requests. */
export async function listSource(
  client: GenesysClient,
  question: SourceQuestion,
  mostPages: number,
  options?: CallOptions,
): Promise<SourceListing | { readonly finding: Finding; readonly reason: string }> {
  const entities: Answer[] = []
  let first: Answer = {}
  for (let pageNumber = 1; pageNumber <= mostPages; pageNumber += 1) {
    const { call } = question
    const query = { ...call.query, pageSize, pageNumber }
    const answer = await ask(
      client,
      { ...question, call: { ...call, query }, foreign: otherThanPage({ pageNumber }) },
      options,
    )
    if (answer.finding !== undefined) return answer
    const { body } = answer
    if (pageNumber === 1) first = body
    entities.push(...(listOf(body, 'entities') ?? []).filter(isAnswer))
    const pageCount = numberOf(body, 'pageCount')
    const isLast = pageCount === undefined ? textOf(body, 'nextUri') === undefined : pageNumber >= pageCount
    if (isLast) return { entities, first, isCut: false }
  }
  return { entities, first, isCut: true }
}

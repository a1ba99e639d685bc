import { visible } from '../../../internal/text/visible.js'
import type { Renewable } from '../client/sdk-connection.js'
import type { Repetition } from './marks.js'

/** An answer that is, or may be, that to another request. Never leaves this folder: it is read again, or reported. */
export class DoubtedAnswer extends Error {
  override readonly name = 'DoubtedAnswer'
  /** What the answer is instead, in words. */
  readonly what: string
  /** The mark that it has in common with another; absent if it contradicts the request. */
  readonly repetition: Repetition | undefined
  readonly #connection: Renewable | undefined

  constructor(what: string, connection: Renewable | undefined, repetition?: Repetition) {
    super(what)
    this.what = what
    this.repetition = repetition
    this.#connection = connection
  }

  /** Nothing more is read from where it came from. */
  closeConnection(): void {
    this.#connection?.renew?.()
  }

  static repeated(repetition: Repetition, connection: Renewable | undefined): DoubtedAnswer {
    return new DoubtedAnswer(describe(repetition), connection, repetition)
  }
}

function describe({ kind, mark }: Repetition): string {
  const earlier = 'what an earlier request was answered with'
  if (kind === 'text') return earlier
  return `${earlier}: the ${kind === 'id' ? 'request' : 'version'} id of both is ${visible(mark).trim()}`
}

import { LegalHoldError, type LegalHoldErrorCode } from '../model/errors.js'

/** Notes a mistake where something is not right. */
export type Check = (right: boolean, path: string, problem: string) => void

/** One mistake in options or a request. */
export interface Mistake {
  /** Name of the option; empty if it is about several. */
  readonly path: string
  readonly problem: string
  /** Absent if it is that of the whole check. */
  readonly code?: LegalHoldErrorCode | undefined
}

/** What may be said of a mistake beside its problem. */
export interface MistakeInit {
  /** @defaultValue that of the whole check */
  readonly code?: LegalHoldErrorCode | undefined
  readonly details?: Readonly<Record<string, unknown>> | undefined
}

interface Noted extends MistakeInit {
  readonly path: string
  readonly problem: string
}

/** Collects the mistakes in options, or in a request, so that one error names all of them. */
export class OptionCheck {
  readonly #what: string
  readonly #code: LegalHoldErrorCode
  readonly #noted: Noted[] = []
  /** Set while there is one mistake only, and a check threw it. */
  #thrown: LegalHoldError | undefined

  /** @param what is checked, as the beginning of a sentence: `The options of run` */
  constructor(what: string, code: LegalHoldErrorCode = 'INVALID_OPTIONS') {
    this.#what = what
    this.#code = code
  }

  /** Whether nothing is wrong so far. */
  get isFine(): boolean {
    return this.#noted.length === 0
  }

  readonly check: Check = (right, path, problem) => {
    if (!right) this.add(path, problem)
  }

  add(path: string, problem: string, { code, details }: MistakeInit = {}): void {
    this.#thrown = undefined
    this.#noted.push({ path, problem, code, details })
  }

  /** Notes what a check throws; alone it is thrown as it is. */
  attempt<T>(path: string, work: () => T): T | undefined {
    try {
      return work()
    } catch (error) {
      if (!LegalHoldError.isInstance(error)) throw error
      const { code, details, message } = error
      const isFirst = this.isFine
      this.add(path, message, { code, details })
      if (isFirst) this.#thrown = error
      return undefined
    }
  }

  /** Throws if there are any mistakes: with the code of the first, and each in `details.mistakes`. */
  throwIfAny(): void {
    const [first] = this.#noted
    if (first === undefined) return
    if (this.#thrown !== undefined) throw this.#thrown
    const list = this.#noted.map(({ path, problem }) =>
      withoutStop(isSentence(problem) ? problem : `${path} ${problem}`),
    )
    // A problem may end in a question: did you mean this one?
    const message = `${this.#what} cannot be used: ${list.join('; ')}.`.replace(/\?\.$/, '?')
    throw new LegalHoldError(message, {
      code: first.code ?? this.#code,
      stage: 'options',
      details: {
        ...Object.assign({}, ...this.#noted.toReversed().map(({ details }) => details ?? {})),
        mistakes: this.#noted.map(({ path, problem, code }) => ({ path, problem, ...(code && { code }) })),
      },
    })
  }
}

/** What a check threw, or is about several options, says itself what it is about. */
function isSentence(problem: string): boolean {
  return /^[A-Z]/.test(problem)
}

function withoutStop(text: string): string {
  return text.endsWith('.') ? text.slice(0, -1) : text
}

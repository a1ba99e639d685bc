import { type AST, RegExpParser, visitRegExpAST } from '@eslint-community/regexpp'

/** A regular expression as an automaton without empty steps (Glushkov): a position for each character that it reads. */
export interface Automaton {
  /** What each position reads, a bit for each character of the alphabet. */
  readonly reads: readonly bigint[]
  /** Where a match goes on after each position. */
  readonly next: readonly ReadonlySet<number>[]
  /** Steps `from > to` that can be taken in more than one way. */
  readonly manifold: ReadonlySet<string>
  /** Positions after which a match may end with no condition left. */
  readonly ends: ReadonlySet<number>
  /** Position of the search for the beginning of a match, which reads anything; absent where that is fixed. */
  readonly search: number | undefined
}

/** A part of an expression. */
interface Part {
  /** First positions of a match that may begin anywhere, and of one after `^`. */
  readonly first: readonly number[]
  readonly anchored: readonly number[]
  /** Last positions, and those of them after which nothing else is asked. */
  readonly last: readonly number[]
  readonly freeLast: readonly number[]
  /** May be empty: with no condition, with any but `^`, and after `^`. */
  readonly emptyFree: boolean
  readonly empty: boolean
  readonly emptyAnchored: boolean
}

const nothing: Part = {
  first: [],
  anchored: [],
  last: [],
  freeLast: [],
  emptyFree: true,
  empty: true,
  emptyAnchored: false,
}
const condition: Part = { ...nothing, emptyFree: false }
const start: Part = { ...condition, empty: false, emptyAnchored: true }

/** Counts up to here are written out; more is as good as any number. */
const writtenOut = 16

/**
 * Characters that stand for all: ASCII, Latin 1, and some beyond that the classes of this project tell apart.
 *
 * @param source its own characters are among them
 */
function alphabetOf(source: string): readonly string[] {
  const codes = Array.from({ length: 256 }, (_, code) => code)
  const more = [0x100, 0x3b1, 0x2028, 0x2029, 0x200b, 0xe080, 0xfeff, 0xff1d, 0xffff]
  return [...new Set([...[...codes, ...more].map((code) => String.fromCharCode(code)), ...source])]
}

/** @throws Error for what is not judged here: back references, and repetition without end in a look-around */
export function automatonOf(source: string, flags: string): Automaton {
  const builder = new Builder(source, flags)
  const { pattern } = new RegExpParser().parseLiteral(`/${source}/${flags}`)
  return builder.build(pattern)
}

class Builder {
  readonly #flags: string
  readonly #alphabet: readonly string[]
  readonly #reads: bigint[] = []
  readonly #next: Set<number>[] = []
  readonly #manifold = new Set<string>()

  constructor(source: string, flags: string) {
    this.#flags = flags
    this.#alphabet = alphabetOf(source)
  }

  build({ alternatives }: AST.Pattern): Automaton {
    const whole = this.#either(alternatives)
    const begins = this.#flags.includes('y') ? [] : whole.first
    let search: number | undefined
    if (begins.length > 0) {
      search = this.#position((1n << BigInt(this.#alphabet.length)) - 1n)
      for (const to of [search, ...begins]) this.#step(search, to)
    }
    const ends = new Set(whole.freeLast)
    return { reads: this.#reads, next: this.#next, manifold: this.#manifold, ends, search }
  }

  #position(reads: bigint): number {
    this.#next.push(new Set())
    return this.#reads.push(reads) - 1
  }

  #step(from: number, to: number): void {
    const next = this.#next[from] as Set<number>
    if (next.has(to)) this.#manifold.add(`${from} > ${to}`)
    next.add(to)
  }

  #either(alternatives: readonly AST.Alternative[]): Part {
    const parts = alternatives.map(({ elements }) =>
      elements.map((element) => this.#part(element)).reduce((a, b) => this.#sequence(a, b), nothing),
    )
    return {
      first: parts.flatMap(({ first }) => first),
      anchored: parts.flatMap(({ anchored }) => anchored),
      last: parts.flatMap(({ last }) => last),
      freeLast: parts.flatMap(({ freeLast }) => freeLast),
      emptyFree: parts.some(({ emptyFree }) => emptyFree),
      empty: parts.some(({ empty }) => empty),
      emptyAnchored: parts.some(({ emptyAnchored }) => emptyAnchored),
    }
  }

  #sequence(a: Part, b: Part): Part {
    // Nothing follows a character that asks for the beginning of the text.
    for (const from of a.last) for (const to of b.first) this.#step(from, to)
    return {
      first: [...a.first, ...(a.empty ? b.first : [])],
      anchored: [
        ...a.anchored,
        ...(a.empty ? b.anchored : []),
        ...(a.emptyAnchored ? [...b.first, ...b.anchored] : []),
      ],
      last: [...b.last, ...(b.empty ? a.last : [])],
      freeLast: [...b.freeLast, ...(b.emptyFree ? a.freeLast : [])],
      emptyFree: a.emptyFree && b.emptyFree,
      empty: a.empty && b.empty,
      emptyAnchored: (a.emptyAnchored && (b.empty || b.emptyAnchored)) || (a.empty && b.emptyAnchored),
    }
  }

  #part(element: AST.Element): Part {
    switch (element.type) {
      case 'Character':
      case 'CharacterSet':
      case 'CharacterClass':
        return this.#character(element.raw)
      case 'Group':
      case 'CapturingGroup':
        return this.#either(element.alternatives)
      case 'Quantifier':
        return this.#repeated(element)
      case 'Assertion':
        if (element.kind === 'start') return this.#flags.includes('m') ? condition : start
        visitRegExpAST(element, {
          onQuantifierEnter({ max }) {
            if (max > writtenOut) throw new Error(`the look-around ${element.raw} repeats something`)
          },
        })
        return condition
      default:
        throw new Error(`${element.raw} is not judged`)
    }
  }

  #character(raw: string): Part {
    const isIn = new RegExp(`^(?:${raw})$`, this.#flags.replace(/[gym]/g, ''))
    let reads = 0n
    for (const [at, character] of this.#alphabet.entries()) if (isIn.test(character)) reads |= 1n << BigInt(at)
    const at = [this.#position(reads)]
    return { first: at, anchored: [], last: at, freeLast: at, emptyFree: false, empty: false, emptyAnchored: false }
  }

  #repeated({ element, min, max }: AST.Quantifier): Part {
    if (max <= writtenOut) {
      let whole = nothing
      for (let count = 0; count < max; count += 1) {
        const once = this.#part(element as AST.Element)
        whole = this.#sequence(whole, count < min ? once : optional(once))
      }
      return whole
    }
    const once = this.#part(element as AST.Element)
    for (const from of once.last) for (const to of once.first) this.#step(from, to)
    return min === 0 ? optional(once) : once
  }
}

function optional(part: Part): Part {
  return { ...part, emptyFree: true, empty: true }
}

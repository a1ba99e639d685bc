import { type Automaton, automatonOf } from './automaton.js'

/**
 * Why an expression may take more than a number of steps that grows with the text, in words; `undefined` where it cannot.
 *
 * A text is read in exponentially many ways where a loop can be gone through in two ways with the same characters, and
 * in quadratically many where two loops, one behind the other, both read the characters between them (Weber and Seidl,
 * On the degree of ambiguity of finite automata, 1991). The search for the beginning of a match is a loop, too. It
 * counts only where something behind the second loop can fail.
 */
export function ambiguityOf(source: string, flags: string): string | undefined {
  let automaton: Automaton
  try {
    automaton = automatonOf(source, flags)
  } catch (error) {
    return (error as Error).message
  }
  const loops = loopsOf(automaton)
  return exponential(automaton, loops) ?? quadratic(automaton, loops)
}

/** The number of the loop that each position is in; 0 where it is in none. */
function loopsOf({ next }: Automaton): readonly number[] {
  const reached = next.map((_, from) => reach(next, from))
  const loops: number[] = next.map(() => 0)
  let count = 0
  for (const at of next.keys()) {
    if (loops[at] !== 0 || !reached[at]?.has(at)) continue
    count += 1
    for (const other of reached[at] ?? []) if (reached[other]?.has(at)) loops[other] = count
  }
  return loops
}

/** All that can be got to in one step or more. */
function reach(next: readonly ReadonlySet<number>[], from: number): Set<number> {
  const found = new Set(next[from])
  for (const at of found) for (const to of next[at] ?? []) found.add(to)
  return found
}

function exponential({ reads, next, manifold }: Automaton, loops: readonly number[]): string | undefined {
  for (const step of manifold) {
    const [from = 0, to = 0] = step.split(' > ').map(Number)
    if (loops[from] !== 0 && loops[from] === loops[to]) return 'a repetition repeats a repetition'
  }
  for (const at of next.keys()) {
    if (loops[at] === 0) continue
    const inLoop = (position: number) => loops[position] === loops[at]
    const steps = (pair: readonly number[]) => common(reads, next, pair).filter((to) => to.every(inLoop))
    for (const pair of walk([at, at], steps)) {
      const [a, b] = pair
      if (a === b) continue
      for (const back of walk(pair, steps))
        if (back[0] === at && back[1] === at) return 'a repetition has two ways to read the same'
    }
  }
  return undefined
}

function quadratic(automaton: Automaton, loops: readonly number[]): string | undefined {
  const { reads, next, ends, search } = automaton
  for (const p of next.keys()) {
    if (loops[p] === 0) continue
    const ahead = reach(next, p)
    for (const q of ahead) {
      if (q === p || loops[q] === 0 || ends.has(q)) continue
      const inLoops = ([a = 0, , c = 0]: readonly number[]) => loops[a] === loops[p] && loops[c] === loops[q]
      for (const [a, b, c] of walk([p, p, q], (from) => common(reads, next, from).filter(inLoops))) {
        if (a !== p || b !== q || c !== q) continue
        return p === search
          ? 'it is looked for from every place of what its repetition reads'
          : 'two repetitions read the same, one behind the other'
      }
    }
  }
  return undefined
}

/** Steps that all of some positions can take with one and the same character. */
function common(reads: readonly bigint[], next: readonly ReadonlySet<number>[], from: readonly number[]): number[][] {
  let found: { readonly to: number[]; readonly reads: bigint }[] = [{ to: [], reads: -1n }]
  for (const at of from) {
    found = found.flatMap((one) =>
      [...(next[at] ?? [])].flatMap((to) => {
        const both = one.reads & (reads[to] ?? 0n)
        return both === 0n ? [] : [{ to: [...one.to, to], reads: both }]
      }),
    )
  }
  return found.map(({ to }) => to)
}

/** Everything that can be got to in one step or more. */
function* walk(from: readonly number[], steps: (from: readonly number[]) => number[][]): Generator<readonly number[]> {
  const seen = new Set<string>()
  const open: (readonly number[])[] = [from]
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const to of steps(at)) {
      const name = to.join()
      if (seen.has(name)) continue
      seen.add(name)
      open.push(to)
      yield to
    }
  }
}

import type { FaultAction, FaultedRequest, FaultScript } from '../../src/testing/faults.ts'
import { SeededRandom } from '../../src/testing/scenario/random.ts'

type Service = 's3' | 'genesys'

interface Kind {
  readonly name: string
  readonly action: FaultAction
  /** How often it is drawn, beside the others. */
  readonly weight: number
}

const xml = (code: string) => `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code></Error>`

const common: readonly Kind[] = [
  { name: '500', action: { kind: 'respond', status: 500 }, weight: 6 },
  { name: '503', action: { kind: 'respond', status: 503 }, weight: 3 },
  { name: '500 after the work', action: { kind: 'respond-after', status: 500 }, weight: 6 },
  { name: 'reset before the work', action: { kind: 'reset' }, weight: 6 },
  { name: 'reset after the work', action: { kind: 'reset-after' }, weight: 6 },
  { name: 'truncated body', action: { kind: 'truncate' }, weight: 6 },
  { name: 'slow answer', action: { kind: 'delay', delayMs: 500 }, weight: 3 },
  // Rare: each costs the time of an attempt.
  { name: 'no answer', action: { kind: 'hang' }, weight: 0.5 },
]

const kinds: Readonly<Record<Service, readonly Kind[]>> = {
  s3: [...common, { name: '503 SlowDown', action: { kind: 'respond', status: 503, body: xml('SlowDown') }, weight: 1 }],
  genesys: [
    ...common,
    { name: '429', action: { kind: 'respond', status: 429, headers: { 'retry-after': '1' } }, weight: 3 },
  ],
}

/** Lets a share of all requests of a service meet a fault, and counts them by kind. */
export function scatterFaults(script: FaultScript, service: Service, share: number, seed: string): Map<string, number> {
  const random = new SeededRandom(`${seed}/${service}`)
  const counts = new Map<string, number>()
  const weights = kinds[service].reduce((sum, { weight }) => sum + weight, 0)
  let last: { remove(): void } | undefined
  // Strict mode asks about each request right before it looks for its fault, and this plans that of the very request.
  script.restrictTo(({ operation }: FaultedRequest) => {
    last?.remove()
    last = undefined
    if (random.next() >= share) return true
    let at = random.next() * weights
    const kind = kinds[service].find(({ weight }) => {
      at -= weight
      return at < 0
    })
    if (kind === undefined) return true
    last = script.add({ match: { operation }, action: kind.action })
    counts.set(kind.name, (counts.get(kind.name) ?? 0) + 1)
    return true
  })
  return counts
}

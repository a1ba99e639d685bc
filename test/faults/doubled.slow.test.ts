import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AnswersWorld, answersWorld, type Ids, madeAnew, tag, transports } from './answers-world.js'

/** One answer to a HEAD that comes twice: to which object's, when, and whether the server made it anew. */
interface Doubling {
  readonly object: number
  readonly again: 'together' | 'idle' | number
  readonly isAnew: boolean
}

interface Case {
  readonly objects: readonly { readonly isHeld: boolean; readonly twin: boolean }[]
  readonly doublings: readonly Doubling[]
  readonly ids: Ids
  readonly versioning: boolean
  readonly byKeys: boolean
  readonly concurrency: number
}

const doubling = fc.record({
  object: fc.nat({ max: 11 }),
  again: fc.constantFrom<Doubling['again']>('together', 'idle', 1, 1, 1, 2, 3),
  isAnew: fc.boolean(),
})

const cases: fc.Arbitrary<Case> = fc.record({
  objects: fc.array(fc.record({ isHeld: fc.boolean(), twin: fc.boolean() }), { minLength: 4, maxLength: 12 }),
  doublings: fc.array(doubling, { minLength: 1, maxLength: 4 }),
  ids: fc.constantFrom<Ids>('own', 'none', 'constant'),
  versioning: fc.boolean(),
  byKeys: fc.boolean(),
  concurrency: fc.constantFrom(1, 1, 3),
})

const keyOf = (at: number) => `o/${String(at).padStart(2, '0')}`

/** Objects in pairs of the same content, and so of the same ETag, size and time, or each of its own. */
function seedsOf({ objects }: Case) {
  return objects.map(({ isHeld, twin }, at) => ({
    key: keyOf(at),
    body: twin ? `pair ${Math.floor(at / 2)}` : `content of ${at}`,
    input: { Metadata: isHeld ? { 'legal-hold-tag': tag } : { project: 'x' } },
  }))
}

function disturb(w: AnswersWorld, { doublings, versioning, ids }: Case): void {
  const left = [...doublings]
  w.proxy.fate = (request, real) => {
    const answer = w.asGiven(real)
    const at = left.findIndex(({ object }) => request.operation === 'HeadObject' && request.key === keyOf(object))
    if (at < 0) return { answer }
    const [{ again, isAnew } = { again: 1, isAnew: false }] = left.splice(at, 1)
    // Made anew, without a version to its name, a twin's answer is that of its twin: nothing in the world tells.
    const second = isAnew && versioning && ids === 'own' ? madeAnew(answer) : answer
    return { answer, again, second }
  }
}

describe.each(transports)('answers that come twice, %s', (transport) => {
  test('never make a verdict that is another object’s', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (given) => {
        const w = await answersWorld(seedsOf(given), {
          transport,
          ids: given.ids,
          bucket: { versioning: given.versioning ? 'Enabled' : 'Suspended' },
        })
        try {
          disturb(w, given)
          const keys = given.objects.map((_, at) => keyOf(at))
          const { concurrency, byKeys } = given
          const verdicts = await w.validate(byKeys ? keys : { prefix: 'o/' }, { concurrency })
          const wrong = verdicts
            .map(({ object, verdict, reason }) => ({ key: object.key, verdict, reason }))
            .filter(
              ({ key, verdict }) => verdict !== (given.objects[Number(key.slice(2))]?.isHeld ? 'held' : 'untagged'),
            )
          expect(wrong).toEqual([])
          expect(verdicts).toHaveLength(keys.length)
        } finally {
          await w.close()
        }
      }),
      { numRuns: 60 },
    )
  })
})

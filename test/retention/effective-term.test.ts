import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MediaType } from '../../src/model/request.js'
import { deletionRules } from '../../src/retention/deletion-rules.js'
import { effectiveTerm } from '../../src/retention/effective-term.js'

const request = { integrationId: 'i', interval: { start: '2023-10-18T12:00:00Z', end: '2023-10-20T12:00:00Z' } }
const after = (days: number) => ({ deleteRetention: { days } })
const onQueue = { forQueues: [{ id: 'q' }] }

/** Policies as the platform answers them, under names that say what they do. */
const policies = {
  '25': { actions: { retainRecording: true, retentionDuration: after(25) } },
  '400': { actions: { retainRecording: true, retentionDuration: after(400) } },
  // Both flags: what deletes is ignored where the recording is retained.
  '400 and delete': { actions: { retainRecording: true, deleteRecording: true, retentionDuration: after(400) } },
  '400 on a queue': { actions: { retentionDuration: after(400) }, conditions: onQueue },
  '900 for calls': { mediaPolicies: { callPolicy: { actions: { retentionDuration: after(900) } } } },
  keep: { actions: { retainRecording: true } },
  'keep and delete': { actions: { retainRecording: true, deleteRecording: true } },
  'keep 0': { actions: { retainRecording: true, retentionDuration: after(0) } },
  // It retains by default.
  evaluate: { actions: { assignEvaluations: [{}] } },
  'evaluate on a queue': { actions: { assignEvaluations: [{}] }, conditions: onQueue },
  delete: { actions: { deleteRecording: true, retainRecording: false } },
  always: { actions: { retainRecording: true, alwaysDelete: true, retentionDuration: after(400) } },
  'calls, screens 30': {
    mediaPolicies: {
      callPolicy: { actions: { retentionDuration: after(400), initiateScreenRecording: after(30) } },
    },
  },
  'chats, screens 50': {
    conditions: { mediaTypes: ['CHAT'] },
    actions: { retentionDuration: after(400), initiateScreenRecording: after(50) },
  },
  'calls, screens without days': {
    mediaPolicies: { callPolicy: { actions: { retentionDuration: after(400), initiateScreenRecording: {} } } },
  },
  'calls, screens 4000': {
    mediaPolicies: {
      callPolicy: { actions: { retentionDuration: after(400), initiateScreenRecording: after(4_000) } },
    },
  },
} as const

type Name = keyof typeof policies
const media = ['call', 'message', 'screen'] as const
const never = Number.POSITIVE_INFINITY

/** Days until the first of these policies deletes a recording of each medium. */
function terms(names: readonly Name[]): number[] {
  const rules = names.flatMap((name, at) => deletionRules({ id: `${at}`, name, ...policies[name] }, request))
  return media.map((medium: MediaType) =>
    Math.min(never, ...rules.filter((rule) => rule.media === medium).map((rule) => effectiveTerm(rule, rules).days)),
  )
}

describe('the effective term of several policies', () => {
  test.each([
    ['25', '25 25 25'],
    ['keep', 'never never never'],
    ['keep 0', 'never never never'],
    ['keep and delete', 'never never never'],
    ['delete', '0 0 0'],
    ['always', '0 0 0'],
    ['calls, screens 30', '400 never 30'],
    ['calls, screens without days', '400 never 365'],
    ['calls, screens 4000', '400 never 365'],
    ['chats, screens 50', 'never never 50'],
    // Two: the longest wins where both set days.
    ['25 + 400', '400 400 400'],
    ['25 + 400 and delete', '400 400 400'],
    ['25 + 900 for calls', '900 25 900'],
    ['25 + 400 on a queue', '25 25 25'],
    // One that sets none outranks nothing.
    ['25 + keep', '25 25 25'],
    ['25 + keep 0', '25 25 25'],
    ['25 + keep and delete', '25 25 25'],
    ['25 + evaluate', '25 25 25'],
    ['25 + delete', '0 0 0'],
    ['400 + always', '0 0 0'],
    ['keep + delete', '0 0 0'],
    ['keep + always', '0 0 0'],
    ['keep + evaluate', 'never never never'],
    ['keep + 900 for calls', '900 never 900'],
    // A screen recording that a policy begins has a term of its own, beside that of another.
    ['25 + calls, screens 30', '400 25 30'],
    ['400 + calls, screens 30', '400 400 30'],
    ['keep + calls, screens 30', '400 never 30'],
    ['keep + chats, screens 50', 'never never 50'],
    ['delete + calls, screens 30', '0 0 0'],
    ['calls, screens 30 + chats, screens 50', '400 never 30'],
    ['calls, screens 30 + calls, screens 4000', '400 never 365'],
    // Three: all have to set days.
    ['25 + 400 + 900 for calls', '900 400 900'],
    ['25 + 400 + 400 on a queue', '400 400 400'],
    ['25 + 400 + keep', '25 25 25'],
    ['25 + 400 + evaluate', '25 25 25'],
    ['25 + 400 + evaluate on a queue', '25 25 25'],
    ['25 + 400 + delete', '0 0 0'],
    ['25 + 400 + always', '0 0 0'],
    ['25 + keep + evaluate', '25 25 25'],
    ['25 + keep + keep and delete', '25 25 25'],
    ['keep + keep 0 + evaluate', 'never never never'],
    ['25 + 400 + calls, screens 30', '400 400 30'],
    ['25 + keep + calls, screens 30', '25 25 25'],
    ['400 + keep + calls, screens 30', '400 400 30'],
    ['keep + calls, screens 30 + calls, screens 4000', '400 never 30'],
    ['keep + calls, screens without days + chats, screens 50', '400 never 50'],
  ])('%s: %s days for calls, messages and screens', (names, wanted) => {
    const found = terms(names.split(' + ') as Name[])
    expect(found.map((days) => (days === never ? 'never' : String(days))).join(' ')).toBe(wanted)
  })

  test('does not depend on their order, and no further policy that sets no days makes it longer', () => {
    const some = fc.uniqueArray(fc.constantFrom(...(Object.keys(policies) as Name[])), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(some, fc.constantFrom<Name>('keep', 'evaluate', 'delete', 'always'), (names, further) => {
        expect(terms([...names].reverse())).toEqual(terms(names))
        for (const [at, days] of terms([...names, further]).entries()) {
          expect(days).toBeLessThanOrEqual(terms(names)[at] ?? never)
        }
      }),
    )
  })
})

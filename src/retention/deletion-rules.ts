import type { ExportRequest, MediaType } from '../model/request.js'
import { type Answer, answerOf, flagOf, isAnswer, listOf, numberOf, textOf } from '../platforms/client/answer.js'
import { coversMedia, mediaTypeFrom } from '../platforms/request/scope.js'

/** What one policy does to the recordings of one medium. */
export interface DeletionRule {
  /** The policy as it was read: ids may be absent. */
  readonly policy: object
  readonly policyId: string
  readonly policyName: string
  readonly media: MediaType
  /** The medium that the policy is for. A screen recording accompanies a session of another medium. */
  readonly beside: MediaType
  /** The policy begins screen recordings, and this is their own term. */
  readonly isOwnTerm: boolean
  /** Days until deletion: 0 at once, infinite for a policy that sets none and therefore deletes nothing. */
  readonly days: number
  /** Deletes even if another policy keeps the recording. */
  readonly always: boolean
  /** Applies to every recording of the medium: no queue, user, date or other condition narrows it. */
  readonly unconditional: boolean
}

const mediaTypes: readonly MediaType[] = ['call', 'chat', 'email', 'message', 'screen']

/** The rules of a policy for the media and the interval of a request; none if it is not enabled. */
export function deletionRules(policy: Answer, request: ExportRequest): DeletionRule[] {
  if (flagOf(policy, 'enabled') === false) return []
  const policyId = textOf(policy, 'id') ?? 'without an id'
  const policyName = textOf(policy, 'name') ?? policyId
  return mediaTypes.flatMap((media) => {
    if (!coversMedia(request, media)) return []
    return partsFor(policy, media).flatMap(({ beside, actions, conditions }) => {
      if (actions === undefined || !touches(conditions, request)) return []
      const effect = effectOf(actions, media)
      return [{ policy, policyId, policyName, media, beside, ...effect, unconditional: isUnconditional(conditions) }]
    })
  })
}

interface PolicyPart {
  /** The medium whose part it is. */
  readonly beside: MediaType
  readonly actions: Answer | undefined
  readonly conditions: readonly Answer[]
}

/** A screen recording follows its call, except for one that a policy of any medium begins, with a term of its own. */
function partsFor(policy: Answer, media: MediaType): PolicyPart[] {
  const part = partFor(policy, media)
  const parts = part === undefined ? [] : [part]
  if (media !== 'screen') return parts
  const begins = ({ actions }: PolicyPart) => beginsScreenRecording(actions) !== undefined
  const begun = mediaTypes.flatMap((beside) => {
    const own = beside === 'screen' ? undefined : partFor(policy, beside)
    return own !== undefined && begins(own) ? [own] : []
  })
  return [...parts.filter((followed) => !begins(followed)), ...begun]
}

function beginsScreenRecording(actions: Answer | undefined): Answer | undefined {
  return answerOf(actions, 'initiateScreenRecording')
}

/** A policy has one part for each medium (`callPolicy`, …), or one for all, narrowed by `conditions.mediaTypes`. */
function partFor(policy: Answer, media: MediaType): PolicyPart | undefined {
  const general = answerOf(policy, 'conditions')
  const named = (listOf(general, 'mediaTypes') ?? []).map((word) => mediaTypeFrom(String(word)))
  // A medium that is not known here might be any.
  if (named.length > 0 && !named.includes(media) && !named.includes(undefined)) return undefined
  const parts = answerOf(policy, 'mediaPolicies')
  const actions = answerOf(policy, 'actions')
  const conditions = general === undefined ? [] : [general]
  // A screen recording follows its call.
  const beside = media === 'screen' ? 'call' : media
  const part = answerOf(parts, `${beside}Policy`)
  if (part === undefined) {
    const elsewhere = parts !== undefined && Object.values(parts).some(isAnswer)
    return elsewhere && named.length === 0 ? undefined : { beside, actions, conditions }
  }
  const own = answerOf(part, 'conditions')
  return {
    beside,
    actions: answerOf(part, 'actions') ?? actions,
    conditions: own === undefined ? conditions : [...conditions, own],
  }
}

/** The SDK's `PolicyActions` explains the fields (genesys-facts, expected recordings). */
function effectOf(actions: Answer, media: MediaType): Pick<DeletionRule, 'days' | 'always' | 'isOwnTerm'> {
  if (flagOf(actions, 'alwaysDelete') === true) return { days: 0, always: true, isOwnTerm: false }
  const screen = media === 'screen' ? beginsScreenRecording(actions) : undefined
  if (screen !== undefined) return { days: Math.min(daysOf(screen), mostScreenDays), always: false, isOwnTerm: true }
  // Ignored where the recording is retained.
  const deletes = flagOf(actions, 'deleteRecording') === true && flagOf(actions, 'retainRecording') !== true
  return { days: deletes ? 0 : daysOf(answerOf(actions, 'retentionDuration')), always: false, isOwnTerm: false }
}

/** The longest that a policy keeps a screen recording (help p=278459). */
const mostScreenDays = 365

/** Days after which a retention deletes; infinite if none are set: 0 is not a setting. */
function daysOf(retention: Answer | undefined): number {
  const days = numberOf(answerOf(retention, 'deleteRetention'), 'days')
  return days === undefined || days <= 0 ? Number.POSITIVE_INFINITY : days
}

/** A policy for dates that lie outside of the interval does not concern it. */
function touches(conditions: readonly Answer[], request: ExportRequest): boolean {
  const start = Date.parse(request.interval.start)
  const end = Date.parse(request.interval.end)
  return conditions.every((condition) => {
    const ranges = listOf(condition, 'dateRanges') ?? []
    return (
      ranges.length === 0 ||
      ranges.some((range) => {
        const [from, to] = String(range)
          .split('/')
          .map((time) => Date.parse(time))
        // A range that cannot be read might be any.
        return !(Number(to) <= start || Number(from) >= end)
      })
    )
  })
}

/** What narrows a policy; media types do not, since the rule is of one medium anyway. */
function isUnconditional(conditions: readonly Answer[]): boolean {
  return conditions.every((condition) =>
    Object.entries(condition).every(
      ([name, value]) =>
        name === 'mediaTypes' ||
        value === null ||
        value === undefined ||
        (Array.isArray(value) && value.length === 0) ||
        (isAnswer(value) && Object.keys(value).length === 0),
    ),
  )
}

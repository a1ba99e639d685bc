import { type Answer, answerOf, flagOf, isAnswer, listOf, numberOf, textOf } from '../platforms/answer.js'
import { coversMedia, mediaTypeFrom } from '../platforms/request-scope.js'
import type { ExportRequest, MediaType } from '../request.js'

/** What one policy does to the recordings of one medium. */
export interface DeletionRule {
  readonly policyId: string
  readonly policyName: string
  readonly media: MediaType
  /** Days until deletion: 0 at once, infinite for a policy that only keeps. */
  readonly days: number
  /** Deletes even where another policy keeps the recording. */
  readonly always: boolean
  /** Applies to every recording of the medium: no queue, user, date or other condition narrows it. */
  readonly unconditional: boolean
}

const mediaTypes: readonly MediaType[] = ['call', 'chat', 'email', 'message', 'screen']

/** The rules of a policy for the media and the interval of a request; none where it is not enabled. */
export function deletionRules(policy: Answer, request: ExportRequest): DeletionRule[] {
  if (flagOf(policy, 'enabled') === false) return []
  const policyId = textOf(policy, 'id') ?? 'without an id'
  const policyName = textOf(policy, 'name') ?? policyId
  return mediaTypes.flatMap((media) => {
    if (!coversMedia(request, media)) return []
    const part = partFor(policy, media)
    if (part === undefined || !touches(part.conditions, request)) return []
    const effect = effectOf(part.actions)
    if (effect === undefined) return []
    return [{ policyId, policyName, media, ...effect, unconditional: isUnconditional(part.conditions) }]
  })
}

interface PolicyPart {
  readonly actions: Answer | undefined
  readonly conditions: readonly Answer[]
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
  const part = answerOf(parts, `${media === 'screen' ? 'call' : media}Policy`)
  if (part === undefined) {
    const elsewhere = parts !== undefined && Object.values(parts).some(isAnswer)
    return elsewhere && named.length === 0 ? undefined : { actions, conditions }
  }
  const own = answerOf(part, 'conditions')
  return {
    actions: answerOf(part, 'actions') ?? actions,
    conditions: own === undefined ? conditions : [...conditions, own],
  }
}

function effectOf(actions: Answer | undefined): Pick<DeletionRule, 'days' | 'always'> | undefined {
  if (actions === undefined) return undefined
  const always = flagOf(actions, 'alwaysDelete') ?? false
  const days = numberOf(answerOf(answerOf(actions, 'retentionDuration'), 'deleteRetention'), 'days')
  if (always || flagOf(actions, 'deleteRecording') === true) return { days: 0, always }
  if (days !== undefined) return { days, always: false }
  // Kept without an end.
  return flagOf(actions, 'retainRecording') === true ? { days: Number.POSITIVE_INFINITY, always: false } : undefined
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

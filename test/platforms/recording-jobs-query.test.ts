import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ExportRequest, MediaType } from '../../src/model/request.js'
import type { PlatformFailure } from '../../src/platforms/client/failure.js'
import { isSlotsBusy } from '../../src/platforms/organization/job-slots.js'
import { isSameQuery, recordingJobsQuery } from '../../src/platforms/recording-jobs/query.js'

const now = Date.parse('2023-10-20T12:00:00Z')
const request: ExportRequest = {
  integrationId: 'int-1',
  interval: { start: '2023-10-18T12:00:00Z', end: '2023-10-20T12:00:00Z' },
}
const query = (given: Partial<ExportRequest> = {}) => recordingJobsQuery({ ...request, ...given }, {}, now)
const matching = (dimension: string, value: string) => ({ type: 'dimension', dimension, operator: 'matches', value })

describe('the query of a recording job', () => {
  it('includes sensitive recordings and screens unless the request says otherwise, and exports at once', () => {
    expect(query()).toEqual({
      action: 'EXPORT',
      integrationId: 'int-1',
      actionDate: '2023-10-20T12:00:00.000Z',
      includeRecordingsWithSensitiveData: true,
      includeScreenRecordings: true,
      conversationQuery: {
        interval: '2023-10-18T12:00:00.000Z/2023-10-20T12:00:00.000Z',
        order: 'asc',
        orderBy: 'conversationStart',
      },
    })
    expect(query({ includeSensitive: false, mediaTypes: ['call'] })).toMatchObject({
      includeRecordingsWithSensitiveData: false,
      includeScreenRecordings: false,
    })
  })

  it('has a date of its own for screen recordings only where they are asked for', () => {
    const timings = [{ screenRecordingActionDate: '2023-11-01T00:00:00Z' }, { screenRecordingActionAgeDays: 3 }]
    for (const timing of timings) {
      expect(JSON.stringify(recordingJobsQuery(request, timing, now))).toMatch(/"screenRecordingAction(Date|Age)":/)
      const silent = recordingJobsQuery({ ...request, mediaTypes: 'digital' }, timing, now)
      expect(silent).toMatchObject({ includeScreenRecordings: false, actionDate: '2023-10-20T12:00:00.000Z' })
      expect(JSON.stringify(silent)).not.toContain('screenRecordingAction')
      expect(isSameQuery(silent, JSON.parse(JSON.stringify(silent)), timing)).toBe(true)
    }
  })

  it('writes digital as chat or email or message, and narrows message by its types', () => {
    expect(query({ mediaTypes: 'digital' }).conversationQuery?.segmentFilters).toEqual([
      {
        type: 'or',
        predicates: [matching('mediaType', 'chat'), matching('mediaType', 'email'), matching('mediaType', 'message')],
      },
    ])
    expect(
      query({ mediaTypes: ['call', 'message'], messageTypes: ['whatsapp', 'webmessaging'] }).conversationQuery
        ?.segmentFilters,
    ).toEqual([
      {
        type: 'or',
        predicates: [
          matching('mediaType', 'voice'),
          matching('messageType', 'whatsapp'),
          matching('messageType', 'webmessaging'),
        ],
      },
    ])
    expect(query({ conversationIds: ['a', 'b'] }).conversationQuery?.conversationFilters).toEqual([
      { type: 'or', predicates: [matching('conversationId', 'a'), matching('conversationId', 'b')] },
    ])
  })

  it('uses the aged interval for conversations older than five years, and refuses what that cannot do', () => {
    const aged = { interval: { start: '2017-01-01T00:00:00Z', end: '2017-06-01T00:00:00Z' } }
    expect(query(aged)).toMatchObject({ agedConversationInterval: '2017-01-01T00:00:00.000Z/2017-06-01T00:00:00.000Z' })
    expect(query(aged).conversationQuery).toBeUndefined()
    expect(() => query({ interval: { ...aged.interval, end: '2018-01-01T00:00:00Z' } })).toThrow(/6 months/)
    expect(() => query({ ...aged, mediaTypes: 'digital' })).toThrow(/no other condition/)
  })

  it('refuses an interval that is reversed or no time', () => {
    for (const interval of [
      { start: 'x', end: 'y' },
      { start: request.interval.end, end: request.interval.start },
    ]) {
      expect(() => query({ interval })).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
    }
  })
})

describe('a job that exists', () => {
  const requests = fc.record({
    mediaTypes: fc.option(
      fc.oneof(
        fc.constant('digital' as const),
        fc.uniqueArray(fc.constantFrom<MediaType>('call', 'chat', 'email', 'message'), { minLength: 1 }),
      ),
      { nil: undefined },
    ),
    messageTypes: fc.option(fc.uniqueArray(fc.constantFrom('whatsapp', 'sms', 'webmessaging'), { minLength: 1 }), {
      nil: undefined,
    }),
    conversationIds: fc.option(fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 }), { nil: undefined }),
    includeSensitive: fc.option(fc.boolean(), { nil: undefined }),
    hours: fc.integer({ min: 1, max: 3 }),
  })
  const build = ({ hours, ...given }: { hours: number } & Partial<ExportRequest>) =>
    query({ ...given, interval: { start: '2023-10-18T12:00:00Z', end: `2023-10-18T1${2 + hours}:00:00Z` } })

  /** As a server may give it back: other order, other format of times, fields of its own, defaults left out. */
  function echo(value: ReturnType<typeof build>): unknown {
    const echoed = JSON.parse(JSON.stringify(value), (key, inner) => {
      if (key === 'interval') return String(inner).replaceAll('.000Z', '+00:00')
      if (key === 'operator') return undefined
      if (key === 'predicates') return inner.toReversed()
      return inner
    })
    if (echoed.includeScreenRecordings) delete echoed.includeScreenRecordings
    return { ...echoed, actionDate: '2020-01-01T00:00:00Z', clearExport: false, selfUri: '/x' }
  }

  it('is recognised whatever form the server gives its query, and no other is', () => {
    fc.assert(
      fc.property(requests, requests, (one, other) => {
        const ours = build(one)
        const theirs = build(other)
        expect(isSameQuery(ours, echo(ours), {})).toBe(true)
        const same = (value: unknown) =>
          JSON.stringify(value, (key, inner) =>
            key === 'predicates' ? inner.map((p: object) => JSON.stringify(p)).sort() : inner,
          )
        expect(isSameQuery(ours, echo(theirs), {})).toBe(same(ours) === same(theirs))
      }),
      { numRuns: 300 },
    )
  })

  it('is another one when it has conditions of its own', () => {
    const ours = query()
    expect(isSameQuery(ours, { ...ours, includePolicyBasedRecordings: false }, {})).toBe(false)
    expect(isSameQuery(ours, { ...ours, conversationQuery: { ...ours.conversationQuery, limit: 5 } }, {})).toBe(false)
    const narrowed = { ...ours.conversationQuery, surveyFilters: [{ type: 'or', predicates: [] }] }
    expect(isSameQuery(ours, { ...ours, conversationQuery: narrowed }, {})).toBe(false)
    expect(isSameQuery(ours, undefined, {})).toBe(false)
    const dated = { actionDate: '2030-01-01T00:00:00Z' }
    expect(isSameQuery(recordingJobsQuery(request, dated, now), query(), dated)).toBe(false)
  })
})

describe('busy slots', () => {
  const refusal = (status: number, code: string, message: string): PlatformFailure => ({
    status,
    headers: {},
    bodyKind: 'json',
    body: { status, code, message },
  })

  it.each([
    refusal(429, 'too.many.requests', 'The organization has reached the maximum of 2 concurrent recording jobs.'),
    refusal(400, 'bad.request', 'Two jobs are already in progress for this organization'),
    refusal(409, 'recording.job.limit.reached', 'conflict'),
    refusal(400, 'max.concurrent.jobs', 'Please wait'),
  ])('are told by their wording: $body.message', (failure) => {
    expect(isSlotsBusy(failure)).toBe(true)
  })

  it.each([
    refusal(429, 'too.many.requests', 'Rate limit exceeded the maximum [300] requests within [60] seconds'),
    refusal(400, 'bad.request', 'The interval exceeds the limit for a job'),
    refusal(400, 'bad.request', 'The integration of the job is not active.'),
    refusal(403, 'x', 'maximum number of concurrent jobs'),
    { status: 429, headers: {}, bodyKind: 'page' as const },
  ])('are not taken from another refusal', (failure) => {
    expect(isSlotsBusy(failure)).toBe(false)
  })
})

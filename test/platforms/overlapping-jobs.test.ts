import { expect, test } from 'vitest'
import { overlappingJobs } from '#src/platforms/recording-jobs/overlapping-jobs.js'

const interval = { start: '2023-10-18T00:00:00.000Z', end: '2023-10-19T00:00:00.000Z' }
const request = { integrationId: 'mine', interval }
const during = { interval: '2023-10-18T12:00:00.000Z/2023-10-20T00:00:00.000Z' }

test.each<[string, boolean, object]>([
  ['exports the same interval by the same integration', true, { conversationQuery: during }],
  ['exports by another integration', false, { integrationId: 'other', conversationQuery: during }],
  ['deletes, and delivers nothing', false, { action: 'DELETE', conversationQuery: during }],
  ['ends where this one begins', false, { conversationQuery: { interval: `2023-10-17T00:00:00Z/${interval.start}` } }],
  ['begins where this one ends', false, { conversationQuery: { interval: `${interval.end}/2023-10-20T00:00:00Z` } }],
  ['exports old conversations', false, { agedConversationInterval: '2015-01-01T00:00:00Z/2015-02-01T00:00:00Z' }],
  ['exports old conversations of the interval', true, { agedConversationInterval: during.interval }],
  ['does not say of which interval', true, {}],
  ['says it in a way that nobody reads', true, { conversationQuery: { interval: 'yesterday' } }],
])('a job that %s: %s', (_, overlaps, query) => {
  const recordingJobsQuery = { action: 'EXPORT', integrationId: 'mine', ...query }
  const found = overlappingJobs([{ id: 'job-1', recordingJobsQuery }], request)
  expect(found.map(({ code, subject }) => [code, subject])).toEqual(overlaps ? [['job-overlaps', 'job-1']] : [])
})

test('a job of which nothing else is known may be any', () => {
  expect(overlappingJobs([{ id: 'job-1' }, {}], request)).toHaveLength(1)
})

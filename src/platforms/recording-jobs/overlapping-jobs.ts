import type { Finding } from '../../model/findings.js'
import type { ExportRequest } from '../../model/request.js'
import { type Answer, answerOf, textOf } from '../client/answer.js'

/**
 * Jobs under way that may deliver the same recordings to the same place: a file of theirs looks like one of the job that is to
 * be created, whose own file comes later and replaces it without the hold. Pure.
 *
 * @param active jobs of the organisation that are under way
 */
export function overlappingJobs(active: readonly Answer[], request: ExportRequest): readonly Finding[] {
  return active.flatMap((job) => {
    const id = textOf(job, 'id')
    return id !== undefined && isOverlapping(answerOf(job, 'recordingJobsQuery'), request) ? [findingOf(id)] : []
  })
}

/** What does not say what it exports may export anything. */
function isOverlapping(query: Answer | undefined, { integrationId, interval }: ExportRequest): boolean {
  const action = textOf(query, 'action') ?? 'EXPORT'
  const other = textOf(query, 'integrationId') ?? integrationId
  if (action !== 'EXPORT' || other !== integrationId) return false
  const text = textOf(answerOf(query, 'conversationQuery'), 'interval') ?? textOf(query, 'agedConversationInterval')
  const [start, end] = (text ?? '').split('/').map((instant) => Date.parse(instant))
  const begins = start === undefined || Number.isNaN(start) ? Number.NEGATIVE_INFINITY : start
  const ends = end === undefined || Number.isNaN(end) ? Number.POSITIVE_INFINITY : end
  return begins < Date.parse(interval.end) && Date.parse(interval.start) < ends
}

function findingOf(id: string): Finding {
  return {
    code: 'job-overlaps',
    severity: 'warning',
    subject: id,
    message: `The job ${id} is under way and exports recordings of the same interval by the same integration: a file that it delivers can be taken for one of this run, whose own file then replaces it without the hold.`,
    remedy:
      'Run jobs of the same recordings one after the other: wait until that job has ended and its files have landed. If it ran beside this one, validate the objects again later.',
  }
}

// A process of its own in which runs end in every way. It prints how each ended and what it left behind.
import { LegalHoldError, MemoryJournal } from '#src/index.js'
import type { FaultAction } from '#src/testing/index.js'
import { type NetworkWorld, networkWorld } from './network-world.js'

process.on('unhandledRejection', (reason) => {
  console.log(JSON.stringify({ unhandled: String(reason) }))
})

const denied: FaultAction = {
  kind: 'respond',
  status: 403,
  body: '<Error><Code>InvalidAccessKeyId</Code><Message>scripted</Message></Error>',
}
const refused: FaultAction = {
  kind: 'respond',
  status: 403,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ message: 'scripted', code: 'not.allowed', status: 403 }),
}
const forever = { times: Number.POSITIVE_INFINITY }

/** What is done to a run when its job is there; a signal where that aborts it. */
const endings: Record<string, (world: NetworkWorld, abort: () => void) => void> = {
  'to its end': () => {},
  'by an abort': (_, abort) => setImmediate(abort),
  'by credentials that S3 refuses': ({ s3 }) => {
    for (const operation of ['HeadObject', 'GetObject'])
      s3.faults.add({ match: { operation }, action: denied, ...forever })
  },
  'by a copy that S3 refuses': ({ s3 }) =>
    s3.faults.add({ match: { operation: 'UploadPartCopy' }, action: denied, ...forever }),
  'by a job that cannot be read': ({ genesys }) =>
    genesys.faults.add({ match: { operation: 'getRecordingJob' }, action: refused, ...forever }),
  'by a list that cannot be read': ({ genesys }) =>
    genesys.faults.add({ match: { operation: 'listRecordingMetadata' }, action: refused, ...forever }),
  'by a network that is gone': (world) => world.goneFor(Number.POSITIVE_INFINITY),
  'by answers that never come': ({ toS3 }, abort) => {
    toS3.trouble = () => ({ kind: 'half-open' })
    setTimeout(abort, 500)
  },
}

/** Without what the platform delivers. */
const requestsOf = ({ s3 }: NetworkWorld) => s3.requests.filter(({ operation }) => operation !== 'PutObject').length

for (const [ending, begin] of Object.entries(endings)) {
  const world = await networkWorld(3)
  const stop = new AbortController()
  const journal = new MemoryJournal()
  const outcome = await world
    .run(
      journal,
      ({ type }) => {
        if (type === 'job-created') begin(world, () => stop.abort(new Error('enough')))
      },
      stop.signal,
    )
    .then(
      (report) => report.outcome,
      (error: unknown) => (LegalHoldError.isInstance(error) ? error.code : String(error)),
    )
  const requestsAtEnd = requestsOf(world)
  const records: string[] = []
  for await (const { type } of journal.entries()) records.push(type)
  await new Promise((resolve) => setTimeout(resolve, 50))
  // Nothing goes on behind the back of whoever got the error.
  const late = requestsOf(world) - requestsAtEnd
  await world.close()
  await new Promise((resolve) => setTimeout(resolve, 50))
  const left = process
    .getActiveResourcesInfo()
    .filter((name) => !/Pipe|TTY|FSReq|SimpleWriteWrap|Timeout\b.*unref/.test(name))
  console.log(JSON.stringify({ ending, outcome, last: records.at(-1), late, left }))
}

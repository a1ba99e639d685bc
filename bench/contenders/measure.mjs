// What every contender that is JavaScript shares. Plain JavaScript, run by node itself: a loader of TypeScript would
// count into the memory and the time.

/**
 * Runs the contender's work once to warm up and once measured, and prints one line of JSON for `bench/run.ts`.
 *
 * @param {(objects: number) => Promise<number>} work reads so many objects and returns how many it did read
 */
export async function measure(work) {
  const objects = Number(process.argv[3])
  await work(Math.min(objects, 20_000))
  const cpuBefore = process.cpuUsage()
  const startedAt = process.hrtime.bigint()
  const done = await work(objects)
  const seconds = Number(process.hrtime.bigint() - startedAt) / 1e9
  const { user, system } = process.cpuUsage(cpuBefore)
  const peakRssBytes = process.resourceUsage().maxRSS * 1024
  console.log(JSON.stringify({ objects: done, seconds, cpuSeconds: (user + system) / 1e6, peakRssBytes }))
  process.exit()
}

export const endpoint = process.argv[2] ?? ''
export const concurrency = Number(process.argv[4] ?? 64)
export const bucket = process.env.BENCH_BUCKET ?? 'bench-recordings'
export const region = process.env.AWS_REGION ?? 'eu-west-1'
export const credentials = {
  accessKeyId: process.env.AWS_ACCESS_KEY_ID ?? 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY ?? 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
}

/** The tag that every object of the bench's bucket carries. */
export const tag = 'discovery-batch-2023-10'

/**
 * Reads every item of a listing in so many lanes.
 *
 * @template T
 * @param {AsyncIterable<T>} source
 * @param {number} objects
 * @param {(item: T) => Promise<unknown>} read
 */
export async function inLanes(source, objects, read) {
  const iterator = source[Symbol.asyncIterator]()
  let begun = 0
  let done = 0
  const lane = async () => {
    while (begun < objects) {
      begun += 1
      const step = await iterator.next()
      if (step.done) return
      await read(step.value)
      done += 1
    }
  }
  await Promise.all(Array.from({ length: concurrency }, lane))
  await iterator.return?.()
  return done
}

/**
 * Runs the repair that the contender was started for.
 *
 * @param {Record<string, (key: string, round: number) => Promise<unknown>>} repairs what each does, by its name
 */
export async function measureRepair(repairs) {
  const repair = repairs[process.argv[5] ?? '']
  if (repair === undefined) throw new Error(`no repair "${process.argv[5]}"`)
  let round = 0
  await measure((objects) => {
    round += 1
    return inLanes(keys(objects), objects, (key) => repair(key, round))
  })
}

/**
 * Keys such as Genesys writes.
 *
 * @param {number} count
 */
async function* keys(count) {
  const folder = 'a1d4f7c2-5b3e-4e89-8c6a-2f9e0b7d4a03/year=2023/month=01/day=01/hour=00'
  for (let at = 0; at < count; at += 1) yield `${folder}/conversation_id=${at}/${at}_metadata.json`
}

/** Whether the bucket has Object Lock. */
export const objectLock = process.argv[5] !== 'no-object-lock'

/**
 * Runs the contender's work on another bucket to warm up, and then measured on the one of the bench. As long a warm-up as the
 * one of `measure`: what is compiled once is not a cost of an object.
 *
 * @param {(bucket: string, objects: number) => Promise<number>} work repairs so many objects and returns how many it did
 */
export async function measureRun(work) {
  const isWarm = { now: false }
  await measure(async (objects) => {
    if (isWarm.now) return work(bucket, objects)
    isWarm.now = true
    return work('bench-warm-up', Math.min(objects, 10_000))
  })
}

/**
 * A page of the recordings that the platform lists for a bucket; empty behind the last.
 *
 * @param {string} name of the bucket
 * @param {number} from
 */
export async function pageOfRecordings(name, from) {
  const answer = await fetch(`${endpoint}/bench-platform/${name}?from=${from}`)
  return /** @type {Promise<{ interval: { start: string, end: string }, recordings: object[] }>} */ (answer.json())
}

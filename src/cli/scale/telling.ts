import { counted, figure } from '../../internal/text/counted.js'
import { inventoryText } from '../../internal/text/inventory.js'
import type { RunEvent } from '../../model/events.js'
import type { ScalePlan } from '../../scale/scaled-exporter.js'
import type { Given } from '../arguments.js'
import { inLines, type RunTelling } from '../telling/run-telling.js'
import { pairs, shown, type Terminal } from '../terminal.js'

const dollars = (amount: number) => `${figure(Math.round(amount * 100) / 100)} US dollars`

/** Says what a plan is and what doing it will cost. */
export function tellPlan(
  { runId, shards, recordings, estimate, inventory, planSha256 }: ScalePlan,
  terminal: Terminal,
): void {
  const { dollars: price, hours, concurrency, reservedConcurrency, objects, repairs } = estimate
  terminal.out(
    pairs([
      ['run', runId],
      ['shards', `${figure(shards)}, of ${counted(recordings, 'recording')}`],
      ['objects', `${figure(objects)} to look at, ${figure(repairs)} to repair at most`],
      ['requests to S3', dollars(price.requests)],
      ['engine', dollars(price.engine)],
      ['functions', dollars(price.lambda)],
      ['evidence', dollars(price.evidence)],
      ['CloudTrail', `${dollars(price.cloudTrail)}, where a trail records data events`],
      ['all of it', dollars(price.total)],
      ['storage', `${dollars(price.storagePerMonth)} a month`],
      ['time', `${figure(hours)} h with ${counted(concurrency, 'shard')} at once`],
      [
        'reserve',
        reservedConcurrency === undefined
          ? undefined
          : `a concurrency of ${figure(reservedConcurrency)} for the function: the engine has no limit`,
      ],
      ['inventory', inventoryText(inventory)],
      ['plan', `sha256:${planSha256}`],
    ]),
  )
}

const quietMs = 60_000

/** Tells of a run over shards, of which nothing is redrawn. A job that only advances is told once a minute. */
export function scaleTelling(given: Given, terminal: Terminal, now: () => number = Date.now): RunTelling {
  const telling = inLines(given, terminal)
  let lastState = ''
  let lastAt = Number.NEGATIVE_INFINITY
  const onEvent = (event: RunEvent) => {
    if (event.type !== 'shards') return telling.onEvent(event)
    const state = `round ${event.round}, job ${event.jobId}: ${event.state}`
    if (state === lastState && now() - lastAt < quietMs) return
    lastState = state
    lastAt = now()
    telling.say(shown(`${state}, ${figure(event.sealed)} of ${counted(event.shards, 'shard')} done`))
  }
  return { ...telling, onEvent }
}

import { expect, test } from 'vitest'
import type { ExportJob, Journal } from '#src/index.js'
import { MemoryJournal } from '#src/journal/memory-journal.js'
import { Recorder } from '#src/journal/recorder.js'

const clockAt = (now: () => number) => ({ now, sleep: async () => {} })

const job: ExportJob = { id: 'job-1', state: 'FULFILLED', platformState: 'FULFILLED', totals: {} }

test('a time that is none is never taken for the one before it', async () => {
  let now = 0
  const journal = new MemoryJournal()
  const recorder = new Recorder(
    journal,
    'run',
    clockAt(() => now),
    'hold',
  )
  await recorder.record('job', job)
  now = Number.POSITIVE_INFINITY
  await expect(recorder.record('job', job)).rejects.toThrow(RangeError)
  await expect(recorder.record('job', job)).rejects.toThrow(RangeError)
  expect((await journal.head())?.sequence).toBe(1)
})

test('what a journal does with a record changes nothing of what the run goes on with', async () => {
  const inner = new MemoryJournal()
  const journal: Journal = {
    append: (record) => {
      delete (record.data as { state?: unknown }).state
      return inner.append(record)
    },
    entries: () => inner.entries(),
    head: () => inner.head(),
  }
  const given = { ...job }
  await new Recorder(journal, 'run', clockAt(Date.now), 'hold').record('job', given)
  expect(given).toEqual(job)
})

test('an adapter’s own object is recorded by its members, however it renders itself', async () => {
  class OwnJob {
    readonly id = job.id
    readonly state = job.state
    readonly platformState = job.platformState
    readonly totals = {}
    toJSON() {
      return `job ${this.id}`
    }
  }
  const journal = new MemoryJournal()
  await new Recorder(journal, 'run', clockAt(Date.now), 'hold').record('job', new OwnJob())
  expect((await journal.head())?.data).toEqual(job)
})

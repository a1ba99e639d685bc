// The bucket and the workers, in a process of their own: what the coordinator holds is measured without them.
import pLimit from 'p-limit'
import { type ShardEnd, type ShardRef, shardWorker } from '../../src/scale.ts'
import { MemoryStorageAdapter } from '../../src/testing/index.ts'
import { DiskStore } from './disk-store.ts'
import { recordingsOf, tag } from './generated.ts'

/** What the process of the workers is told at its start. */
export interface WorkerOrders {
  readonly dir: string
  readonly recordings: number
}

/** What it says: that its bucket is filled, or how a shard ended. */
export type WorkerWord =
  | { readonly due: number }
  | { readonly key: string; readonly outcome: ShardEnd['outcome']; readonly reason?: string | undefined }

const orders = JSON.parse(process.env.WORKER_ORDERS ?? '') as WorkerOrders
const storage = new MemoryStorageAdapter()
let due = 0
let at = 0
for (const { key } of recordingsOf(orders.recordings)) {
  const isDue = at % 20 === 0
  if (isDue) due += 2
  at += 1
  const metadata: Record<string, string> = isDue ? {} : { 'legal-hold-tag': tag }
  storage.put(key, { body: 'x', metadata })
  storage.put(`${key}_metadata.json`, { body: '{}', metadata })
}
const worker = shardWorker({ store: new DiskStore(orders.dir), storage })
const failed = new Set<string>()
const limit = pLimit(4)

/** One shard in a hundred fails the first time, one in twenty is called twice at once. */
async function end(ref: ShardRef): Promise<ShardEnd> {
  if (ref.shard % 100 === 99 && !failed.has(ref.key)) {
    failed.add(ref.key)
    return { outcome: 'unfinished', ref, code: 'TIMEOUT', reason: 'a function that timed out' }
  }
  if (ref.shard % 20 !== 10) return worker(ref)
  const [one, other] = await Promise.all([worker(ref), worker(ref)])
  return one.outcome === 'sealed' ? one : other
}

const say = (word: WorkerWord) => process.send?.(word)

process.on('message', (ref: ShardRef) => {
  void limit(async () => {
    const { outcome, ...rest } = await end(ref)
    say({ key: ref.key, outcome, ...('reason' in rest ? { reason: `${rest.code}: ${rest.reason}` } : {}) })
  })
})
process.on('disconnect', () => process.exit())
say({ due })

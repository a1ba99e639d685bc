import { throwIfAborted } from '../../internal/abort.js'
import type { CallOptions } from '../../ports/runtime.js'
import type { ShardStore } from '../ports/shard-store.js'
import { corrupt } from './fence.js'
import { decodeSegment, type Segment, segmentOf } from './segment.js'

/**
 * The segments of a journal in their order.
 *
 * @throws LegalHoldError `JOURNAL_CORRUPT` for one that does not follow the one before it
 */
export async function* segmentsOf(
  store: ShardStore,
  prefix: string,
  { signal }: CallOptions = {},
): AsyncGenerator<Segment, void, void> {
  let number = 0
  let previous = ''
  let next = 1
  for await (const key of store.list(prefix, { signal })) {
    if (segmentOf(prefix, key) === undefined) continue
    throwIfAborted(signal, 'journal')
    number += 1
    const content = await store.read(key, { signal })
    const segment = content === undefined ? 'is missing' : decodeSegment(content)
    if (typeof segment === 'string') throw corrupt(prefix, number, segment)
    const { header, lines } = segment
    if (header.segment !== number || segmentOf(prefix, key) !== number) throw corrupt(prefix, number, 'is missing')
    if (header.previous !== previous) throw corrupt(prefix, number, 'does not follow the one before it')
    if (header.first !== next) throw corrupt(prefix, number, `begins with record ${header.first} instead of ${next}`)
    previous = segment.sha256
    next += lines.length
    yield segment
  }
}

import { OptionCheck } from '../../internal/option-check.js'
import { LegalHoldError } from '../../model/errors.js'
import { isPort } from '../../options/checks.js'
import type { EvidenceWriter } from '../../ports/evidence.js'
import type { ShardStore } from '../ports/shard-store.js'

/** Options of {@link storedEvidence}. */
export interface StoredEvidenceOptions {
  readonly store: ShardStore
  /** In front of the names of the files; ends with `/`. */
  readonly prefix: string
  /** What reports and events say of it. @defaultValue the prefix */
  readonly place?: string | undefined
}

/**
 * A place for a bundle of evidence in a {@link ShardStore}, beside the shards that it stands on. A file is held in memory while it
 * is written: the largest, the records, has about a kilobyte for each shard.
 *
 * @example
 * ```ts
 * const writer = storedEvidence({ store, prefix: 'evidence/matter-7/' })
 * await scaled.run(request, { runId, evidence: evidenceBundle({ writer, signer }) })
 * ```
 *
 * @throws LegalHoldError `INVALID_OPTIONS`
 */
export function storedEvidence(options: StoredEvidenceOptions): EvidenceWriter {
  const { store, prefix, place = prefix } = options ?? {}
  const mistakes = new OptionCheck('The options of storedEvidence')
  mistakes.check(isPort(store, ['create', 'read', 'list']), 'store', 'must be a ShardStore')
  mistakes.check(typeof prefix === 'string' && prefix.endsWith('/'), 'prefix', "must be a text that ends with '/'")
  mistakes.throwIfAny()
  return {
    place,
    async write(name, content, call) {
      const pieces: Uint8Array[] = []
      for await (const piece of content) pieces.push(Uint8Array.from(piece))
      const whole = Buffer.concat(pieces)
      const key = `${prefix}${name}`
      if (await store.create(key, whole, call)) return
      // An answer that was lost may have been that to this very file.
      const there = await store.read(key, call)
      if (there !== undefined && Buffer.compare(there, whole) === 0) return
      throw new LegalHoldError(`The evidence was not sealed: ${key} is there already. Name another prefix.`, {
        code: 'EVIDENCE_NOT_SEALED',
        stage: 'report',
      })
    },
    async read(name, call) {
      const content = await store.read(`${prefix}${name}`, call)
      return content === undefined ? undefined : once(content)
    },
  }
}

async function* once(content: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield content
}

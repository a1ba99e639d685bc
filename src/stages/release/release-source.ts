import { counted } from '../../internal/text/counted.js'
import { LegalHoldError } from '../../model/errors.js'
import { parseKey } from '../../model/layout/keys.js'
import type { ProtectionFailure } from '../../model/platform.js'
import type { Release } from '../../model/verdict.js'
import type { RecordingPlatform } from '../../ports/platform.js'
import { persist, type StageContext } from '../context.js'
import type { SourceRelease } from './release.js'

/** Genesys limits one call to 100 conversations (genesys-facts, deletion protection). */
const batchSize = 100
/** Failures that are told. */
const failuresNamed = 1_000

/** Whether a prefix reaches below the folder of a conversation: what is released there may be a part of it only. */
function isBelowConversation(prefix: string): boolean {
  const [, folder] = prefix.split('conversation_id=')
  const slash = folder?.indexOf('/') ?? -1
  return folder !== undefined && slash >= 0 && slash < folder.length - 1
}

/**
 * Protection is of whole conversations: it is lifted only if the release looks at all of their objects.
 *
 * @throws LegalHoldError `UNSUPPORTED` if the platform cannot lift it, `INVALID_REQUEST` for a list or stream
 */
export function checkSourceRelease(platform: RecordingPlatform, source: unknown): void {
  if (platform.unprotect === undefined) {
    throw new LegalHoldError(
      `The platform ${platform.name} cannot lift deletion protection; leave releaseSource out.`,
      {
        code: 'UNSUPPORTED',
        stage: 'options',
      },
    )
  }
  const { prefix, id } = (source ?? {}) as { readonly prefix?: unknown; readonly id?: unknown }
  const isWhole = typeof prefix === 'string' ? !isBelowConversation(prefix) : typeof id === 'string'
  if (isWhole) return
  throw new LegalHoldError(
    'releaseSource needs a job, or a prefix that ends above or at the folders of conversations: protection is of whole conversations, and a list may hold a part of one.',
    { code: 'INVALID_REQUEST', stage: 'options' },
  )
}

/** Collects the conversations that a release lets go, and lifts their protection at the source. */
export class SourceReleasing {
  readonly #letGo = new Set<string>()
  readonly #kept = new Set<string>()

  /** Another matter's tag, or an object that was not let go, keeps a conversation protected. */
  note({ object, place, outcome, remaining }: Release): void {
    const conversationId = place?.conversationId ?? parseKey(object.key)?.conversationId
    if (conversationId === undefined) return
    const isFree = outcome === 'released' || outcome === 'planned' || outcome === 'not-needed'
    if (isFree && remaining.length === 0) this.#letGo.add(conversationId)
    else this.#kept.add(conversationId)
  }

  /** Lifts the protection of those all of whose objects were let go; plans it with `dryRun`. */
  async finish(platform: RecordingPlatform, dryRun: boolean, context: StageContext): Promise<SourceRelease> {
    const ids = [...this.#letGo].filter((id) => !this.#kept.has(id))
    const unprotect = platform.unprotect?.bind(platform)
    const failed: ProtectionFailure[] = []
    let unprotectedConversations = 0
    for (let from = 0; !dryRun && unprotect !== undefined && from < ids.length; from += batchSize) {
      const batch = ids.slice(from, from + batchSize)
      const result = await persist(context, 'protect', counted(batch.length, 'conversation'), () =>
        unprotect(batch, { signal: context.signal }),
      )
      unprotectedConversations += result.unprotectedConversations
      failed.push(...result.failed)
    }
    return {
      requested: ids.length,
      unprotectedConversations,
      kept: this.#kept.size,
      failed: failed.slice(0, failuresNamed),
    }
  }
}

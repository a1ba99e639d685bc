import { LegalHoldError } from '../../../model/errors.js'
import type { AclGrant, ObjectState } from '../../../model/object.js'
import type { CallOptions } from '../../../ports/runtime.js'
import type { S3StorageOptions } from '../client/settings.js'
import type { S3Reads } from '../read/reads.js'
import { target } from '../read/target.js'
import type { S3Requests } from '../send/requests.js'
import type { S3Mutations } from './mutations.js'
import { aclHeaders, activeRetention, significantGrants } from './properties.js'

const stage = 'remediate'

export interface RestoreContext {
  readonly requests: S3Requests
  readonly reads: S3Reads
  readonly mutations: S3Mutations
  readonly options: S3StorageOptions
}

/**
 * Puts back what a server dropped although it was asked to keep it: Ceph RGW drops the tags of a REPLACE copy and
 * ignores lock headers (s3-facts: servers). Returns the names of what it put back; empty on AWS.
 */
export async function restoreProperties(
  context: RestoreContext,
  before: ObjectState,
  written: ObjectState,
  call: CallOptions,
): Promise<readonly string[]> {
  const { requests, reads, mutations, options } = context
  const restored: string[] = []
  // First what keeps the new version from being deleted.
  if (before.legalHold === 'ON' && written.legalHold !== 'ON') {
    await mutations.putLegalHold(written, 'ON', call)
    restored.push('legalHold')
  }
  const retention = activeRetention(before, options.clock?.now() ?? Date.now())
  if (retention !== undefined && !retains(written.retention, retention)) {
    await mutations.putRetention(written, retention, call)
    restored.push('retention')
  }
  if (lostTags(before, written).length > 0 && (await restoreTags(context, before, written, call))) restored.push('tags')
  if (significantGrants(before.acl).length > 0 && typeof before.acl === 'object') {
    const grants = await reads.acl(written, stage, call)
    if (grants === 'unreadable' || !sameGrants(before.acl, grants)) {
      await requests.send(
        'PutObjectAcl',
        { ...target(written), ...aclHeaders(before.acl) },
        { stage, signal: call.signal },
      )
      restored.push('acl')
    }
  }
  return restored
}

/** Keys of tags that a copy should have carried and does not show. */
export function lostTags(before: ObjectState, written: ObjectState): readonly string[] {
  const present = written.tags
  if (typeof before.tags !== 'object' || typeof present !== 'object') return []
  return Object.keys(before.tags).filter((key) => !Object.hasOwn(present, key))
}

/**
 * Only what is missing: a tag that somebody has set on the copy meanwhile stays. And only what the original still has: a tag
 * that was taken off it since it was read must not come back.
 */
async function restoreTags(
  { reads, mutations }: RestoreContext,
  before: ObjectState,
  written: ObjectState,
  call: CallOptions,
): Promise<boolean> {
  const isKept = before.versionId !== undefined && before.versionId !== written.versionId
  const [wanted, present] = await Promise.all([
    isKept ? reads.tags(before, stage, call) : before.tags,
    reads.countedTags(written, stage, call).catch((error: unknown) => {
      // Ceph RGW shows nothing of tags that were sent when an upload in parts was begun (docs/ceph.md).
      if (LegalHoldError.isInstance(error) && error.code === 'STORAGE_RESPONSE_INVALID') return shownTags(written)
      throw error
    }),
  ])
  if (typeof wanted !== 'object') return false
  const isComplete = Object.keys(wanted).every((key) => Object.hasOwn(present, key))
  if (!isComplete) await mutations.putTags(written, withDefaults(present, wanted), call)
  return !isComplete
}

function shownTags({ tags }: ObjectState): Texts {
  return typeof tags === 'object' ? tags : {}
}

function withDefaults(present: Texts, wanted: Texts): Texts {
  return Object.assign(Object.create(null), wanted, present)
}

type Texts = Readonly<Record<string, string>>

function retains(
  present: ObjectState['retention'],
  wanted: { readonly mode: string; readonly retainUntilDate: string },
): boolean {
  if (typeof present !== 'object') return false
  // S3 keeps whole seconds of some clients' dates.
  const early = Date.parse(wanted.retainUntilDate) - Date.parse(present.retainUntilDate)
  return early < 1000 && (present.mode === wanted.mode || present.mode === 'COMPLIANCE')
}

function sameGrants(a: readonly AclGrant[], b: readonly AclGrant[]): boolean {
  const render = (grants: readonly AclGrant[]) =>
    grants
      .map((grant) => `${grant.permission} ${grant.grantee}`)
      .sort()
      .join('\n')
  return render(a) === render(b)
}

import type { ObjectState } from '../../model/object.js'
import type { Remediation, RepairEstimate } from '../../model/verdict.js'
import type { ReplaceMetadataOptions, StorageAdapter } from '../../ports/storage.js'

/** What a repair with these steps asks of the storage. Nothing is known of the requests of one that does not say. */
export function estimateOf(
  storage: StorageAdapter,
  before: ObjectState,
  steps: Remediation['steps'],
  options: Pick<ReplaceMetadataOptions, 'looksBeneath'>,
): RepairEstimate {
  const copies = steps.some(({ action }) => action === 'replace-metadata')
  const isNewVersion = storage.capabilities.metadataUpdate === 'new-version' && copies
  return {
    requests: storage.requestsOf?.(before, steps, options) ?? {},
    bytesCopied: isNewVersion ? before.sizeBytes : 0,
    extraBytesStored: isNewVersion && before.versionId !== undefined ? before.sizeBytes : 0,
    storageClass: before.storageClass ?? 'STANDARD',
  }
}

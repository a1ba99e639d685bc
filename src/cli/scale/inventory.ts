import type { CallOptions } from '../../ports/runtime.js'
import type { S3Inventory } from '../../scale-aws.js'
import { ArgumentError } from '../arguments.js'
import { byKeysOfFile, storageOptions } from '../config/connect.js'
import type { Resolved } from '../config/resolve.js'

/**
 * Opens the inventory of a matter; `undefined` if it names none.
 *
 * @throws ArgumentError
 * @throws LegalHoldError `INVENTORY_UNREADABLE` if there is none under its prefix
 */
export async function openInventory(resolved: Resolved, options: CallOptions): Promise<S3Inventory | undefined> {
  const given = resolved.matter.scale?.inventory
  if (given === undefined) return undefined
  const { bucket, prefix, manifest, credentials, ...rest } = given
  if (!bucket) throw new ArgumentError('scale.inventory needs bucket, the one that S3 delivers the inventory to.')
  if ((prefix === undefined) === (manifest === undefined)) {
    throw new ArgumentError(
      'scale.inventory needs either prefix, under which the last inventory lies, or manifest, the key of a manifest.json.',
    )
  }
  const { s3 = {} } = resolved.matter
  const { region, endpoint } = s3
  const settings = storageOptions({ region, endpoint, credentials: credentials ?? s3.credentials, ...rest, bucket })
  const { S3Inventory } = await import('../../scale-aws.js')
  if (prefix !== undefined) return S3Inventory.latest(settings, prefix, options)
  return byKeysOfFile(resolved, 'scale.inventory', () => new S3Inventory({ ...settings, manifest: manifest ?? '' }))
}

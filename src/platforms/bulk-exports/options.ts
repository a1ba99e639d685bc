import type { OptionCheck } from '../../internal/option-check.js'
import type { GenesysConnectionOptions } from '../client/options.js'
import type { ExpectedRecordingsLimits } from '../expected/expected-recordings.js'
import type { BulkExportsFields, BulkExportsPaths } from './surface.js'

/** Options of {@link BulkExportsPlatform}. */
export interface BulkExportsOptions extends GenesysConnectionOptions, ExpectedRecordingsLimits {
  readonly paths?: { readonly [K in keyof BulkExportsPaths]?: BulkExportsPaths[K] | undefined } | undefined
  readonly fields?: { readonly [K in keyof BulkExportsFields]?: string | undefined } | undefined
  /** Protect the request's conversations from deletion before the export. @defaultValue false */
  readonly protectSource?: boolean | undefined
  /** Read the audit trail of recordings, like the exporter's option of the same name. @defaultValue false */
  readonly audit?: boolean | undefined
  /**
   * Let `forceHoldMetadata` switch on the hold metadata of an export profile. The setting is organisation-wide and
   * affects every export with that profile.
   *
   * @defaultValue false
   */
  readonly allowProfileUpdate?: boolean | undefined
  /** Restore a forced profile afterwards. @defaultValue false */
  readonly restoreProfile?: boolean | undefined
  /** How often a run may force the profile and export again. @defaultValue 1 with `allowProfileUpdate`, otherwise 0 */
  readonly forcedRetries?: number | undefined
}

export const ownNames = [
  'paths',
  'fields',
  'allowProfileUpdate',
  'forcedRetries',
  'restoreProfile',
  'protectSource',
  'audit',
  'maxMetadataCalls',
] as const satisfies readonly (keyof BulkExportsOptions)[]

export function checkPaths(paths: BulkExportsPaths, mistakes: OptionCheck): void {
  for (const [name, path] of Object.entries(paths) as [string, string | null][]) {
    if (path === null) {
      if (name !== 'list' && name !== 'failedRecordings') mistakes.add(`paths.${name}`, 'is missing')
    } else if (!path.startsWith('/')) {
      mistakes.add(`paths.${name}`, 'must begin with a slash')
    } else if ((name === 'job' || name === 'profile' || name === 'failedRecordings') && !path.includes('{id}')) {
      mistakes.add(`paths.${name}`, 'must contain {id}')
    }
  }
}

export function checkForcing(options: BulkExportsOptions, mistakes: OptionCheck): void {
  const { forcedRetries, allowProfileUpdate } = options
  if (forcedRetries === undefined) return
  if (!Number.isInteger(forcedRetries) || forcedRetries < 0) {
    mistakes.add('forcedRetries', `is ${forcedRetries}; it must be zero or a whole number`)
  } else if (forcedRetries > 0 && !allowProfileUpdate) {
    mistakes.add('forcedRetries', 'needs allowProfileUpdate: true, since it changes the export profile')
  }
}

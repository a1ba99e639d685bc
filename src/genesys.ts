export type { ExportProfile, ExportProfiles } from './platforms/bulk-exports/export-profiles.js'
export type { BulkExportsOptions } from './platforms/bulk-exports/options.js'
export { BulkExportsPlatform } from './platforms/bulk-exports/platform.js'
export {
  type BulkExportsFields,
  type BulkExportsPaths,
  bulkExportsFields,
  bulkExportsPaths,
} from './platforms/bulk-exports/surface.js'
export { type GenesysAnswer, GenesysClient, type GenesysRequest } from './platforms/client/client.js'
export type { AccessToken, GenesysConnectionOptions, ReadyApiClient } from './platforms/client/options.js'
export { type GenesysRegion, genesysRegions, resolveRegion } from './platforms/client/regions.js'
export { GenesysPlatform } from './platforms/genesys-platform.js'
export { type RecordingJobsOptions, RecordingJobsPlatform } from './platforms/recording-jobs/platform.js'
export type { ExportTiming } from './platforms/recording-jobs/query.js'
export { type GenesysPermissionOptions, requiredGenesysPermissions } from './platforms/source/permissions.js'
export {
  type ExportProfileRetentionOptions,
  ExportProfileRetentionPolicy,
  type ReadsProfiles,
} from './retention/export-profile.js'
export {
  type GenesysMediaRetentionOptions,
  GenesysMediaRetentionPolicy,
  type HasGenesysClient,
} from './retention/genesys-policies.js'

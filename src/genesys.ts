export { type BulkExportsOptions, BulkExportsPlatform } from './platforms/bulk-exports.js'
export {
  type BulkExportsFields,
  type BulkExportsPaths,
  bulkExportsFields,
  bulkExportsPaths,
} from './platforms/bulk-exports-surface.js'
export type { ExportProfile, ExportProfiles } from './platforms/export-profiles.js'
export { type GenesysAnswer, GenesysClient, type GenesysRequest } from './platforms/genesys-client.js'
export type { AccessToken, GenesysConnectionOptions, ReadyApiClient } from './platforms/genesys-options.js'
export { type RecordingJobsOptions, RecordingJobsPlatform } from './platforms/recording-jobs.js'
export type { ExportTiming } from './platforms/recording-jobs-query.js'
export { type GenesysRegion, genesysRegions, resolveRegion } from './platforms/regions.js'
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

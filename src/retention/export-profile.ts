import type { Finding } from '../model/findings.js'
import type { ProfileInspection } from '../model/inspection.js'
import { strippingFindings } from '../platforms/bulk-exports/export-profiles.js'
import type { BulkExportsOptions } from '../platforms/bulk-exports/options.js'
import { BulkExportsPlatform } from '../platforms/bulk-exports/platform.js'
import type { RetentionContext, RetentionPolicyAdapter } from '../ports/retention.js'
import type { CallOptions } from '../ports/runtime.js'

/** Options of {@link ExportProfileRetentionPolicy}: a platform, whose login is shared, or a separate connection. */
export type ExportProfileRetentionOptions =
  | { readonly platform: ReadsProfiles; readonly profileId?: string | undefined }
  | (BulkExportsOptions & { readonly platform?: undefined; readonly profileId?: string | undefined })

/** What reads an export profile: a {@link BulkExportsPlatform}, or a platform of your own. */
export interface ReadsProfiles {
  inspectProfile(id: string, options?: CallOptions): Promise<ProfileInspection>
}

/**
 * Would the export profile's own retention policy strip the hold from what it exports? A short-term one does
 * (genesys-facts). The profile is that of the request unless `profileId` names another.
 */
export class ExportProfileRetentionPolicy implements RetentionPolicyAdapter {
  readonly name = 'export-profile-retention'
  readonly #platform: ReadsProfiles
  readonly #profileId: string | undefined

  /** @throws `UNKNOWN_REGION`, `MISSING_CREDENTIALS`, `INSECURE_ENDPOINT`, `INVALID_OPTIONS`: all mistakes in one. */
  constructor(options: ExportProfileRetentionOptions) {
    this.#profileId = options.profileId
    this.#platform = options.platform === undefined ? new BulkExportsPlatform(options) : options.platform
  }

  async evaluate(context: RetentionContext, options?: CallOptions): Promise<readonly Finding[]> {
    const profile = await this.#profile(context, options)
    return profile === undefined ? [] : strippingFindings(profile.id, profile.retentionPolicy)
  }

  async #profile(context: RetentionContext, options: CallOptions | undefined): Promise<ProfileInspection | undefined> {
    const id = this.#profileId ?? context.request.profileId
    // What the run has read already need not be read again.
    if (context.profile.kind === 'export-profile' && (id === undefined || context.profile.id === id)) {
      return context.profile
    }
    return id === undefined ? undefined : this.#platform.inspectProfile(id, options)
  }
}

import type { Finding } from './findings.js'
import type { RetentionMode } from './object.js'
import type { ClientScope, Organization, PlatformCoverage } from './platform.js'

/** Where data may lie. */
export interface Residency {
  /** AWS region names, e.g. `eu-west-1`. */
  readonly regions: readonly string[]
}

/** What a run is about to rely on. */
export interface Inspection {
  readonly organization: Organization
  readonly profile: ProfileInspection
  readonly bucket: BucketInspection
  readonly coverage: PlatformCoverage
  /** The divisions in which the client sees recordings. Absent if the platform does not say. */
  readonly scope?: ClientScope | undefined
  readonly findings: readonly Finding[]
}

/** What a bucket is configured to do. A field that could not be read is `unreadable`, never a guess. */
export interface BucketInspection {
  readonly bucket: string
  readonly region?: string | undefined
  readonly versioning: 'Enabled' | 'Suspended' | 'Off' | 'unreadable'
  readonly objectLock: 'Enabled' | 'Off' | 'unreadable'
  readonly defaultRetention?:
    | { readonly mode: RetentionMode; readonly days?: number; readonly years?: number }
    | undefined
  readonly defaultEncryption?: string | 'unreadable' | undefined
  readonly objectOwnership?: string | 'unreadable' | undefined
  readonly findings: readonly Finding[]
}

/** A profile (bulk exports) or an integration (recording jobs), as far as the stages need to know it. */
export interface ProfileInspection {
  readonly id: string
  readonly name?: string | undefined
  readonly kind: 'integration' | 'export-profile'
  /** Bucket that the platform will deliver to, if it says so. */
  readonly bucket?: string | undefined
  /** Role or account that it delivers with, if it says so. */
  readonly role?: string | undefined
  readonly includesHoldMetadata?: boolean | undefined
  readonly retentionPolicy?: string | undefined
  readonly findings: readonly Finding[]
}

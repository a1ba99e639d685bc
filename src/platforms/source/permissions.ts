import type { Finding } from '../../model/findings.js'
import type { ExportRequest } from '../../model/request.js'
import { viewsQueues } from '../expected/queue-names.js'
import { coversMedia } from '../request/scope.js'
import { viewsAudits } from './audit-trail.js'
import { viewsDataRetention } from './data-retention.js'
import { viewsGdprRequests } from './gdpr-requests.js'
import type { Grants } from './grants.js'
import { viewsKeys } from './key-configurations.js'
import { viewsOrphans } from './orphan-recordings.js'

/** What a client is to do. Every option has the default of the option of the same name elsewhere. */
export interface GenesysPermissionOptions {
  /** @defaultValue 'recording-jobs' */
  readonly platform?: 'recording-jobs' | 'bulk-exports' | undefined
  /** Media of the requests. @defaultValue all */
  readonly mediaTypes?: ExportRequest['mediaTypes']
  /** Recordings with sensitive data, where redaction is on. @defaultValue true */
  readonly includeSensitive?: boolean | undefined
  /** Export, and not only inspect. @defaultValue true */
  readonly export?: boolean | undefined
  /** Jobs are cancelled: `cancelJobOnAbort`, `cancelJob`. @defaultValue true */
  readonly cancel?: boolean | undefined
  /** Media retention policies are read: `GenesysMediaRetentionPolicy`. @defaultValue true */
  readonly retention?: boolean | undefined
  /** @defaultValue false */
  readonly protectSource?: boolean | undefined
  /** @defaultValue false */
  readonly releaseSource?: boolean | undefined
  /** @defaultValue false */
  readonly audit?: boolean | undefined
  /**
   * What inspection looks at beside: data retention, GDPR requests, orphan recordings, encryption keys, and names of queues. Without one of
   * these permissions a finding says so.
   *
   * @defaultValue true
   */
  readonly checks?: boolean | undefined
}

interface Feature {
  readonly permissions: readonly string[]
  /** Without it a run cannot succeed. */
  readonly isEssential: boolean
}

/**
 * The permissions that the role of the OAuth client needs, as Genesys documents them for each request. `docs/permissions.md`
 * says which feature each one is for.
 *
 * @see https://developer.genesys.cloud/devapps/api-explorer "Requires ANY permissions", "Requires ALL permissions"
 */
export function requiredGenesysPermissions(options: GenesysPermissionOptions = {}): string[] {
  return [...new Set(featuresOf(options).flatMap(({ permissions }) => permissions))].sort()
}

function featuresOf(options: GenesysPermissionOptions): readonly Feature[] {
  const {
    platform = 'recording-jobs',
    includeSensitive = true,
    cancel = true,
    retention = true,
    checks = true,
  } = options
  const { export: exports = true, protectSource = false, releaseSource = false, audit = false } = options
  // What bulk exports need is documented nowhere (genesys-facts, two platform surfaces): it is taken for the same, and blocks nothing.
  const isDocumented = platform === 'recording-jobs'
  const request = { mediaTypes: options.mediaTypes } as ExportRequest
  const when = (is: boolean, isEssential: boolean, ...permissions: string[]): Feature[] =>
    is ? [{ permissions, isEssential }] : []
  return [
    ...when(true, isDocumented, 'recording:job:view', 'integrations:integration:view'),
    ...when(true, isDocumented, 'analytics:conversationDetail:view', 'recording:recording:view'),
    ...when(coversMedia(request, 'screen'), false, 'recording:screenRecording:view'),
    ...when(coversMedia(request, 'call'), false, 'recording:snippetRecording:view', 'recording:recordingSegment:view'),
    ...when(exports, isDocumented, 'recording:job:add'),
    // Starting a job needs all four, whatever it exports; bulk exports start by themselves.
    ...when(
      exports && isDocumented,
      true,
      'recording:job:edit',
      'recording:recording:editRetention',
      'recording:screenRecording:editRetention',
      'recording:snippetRecording:editRetention',
    ),
    ...when(exports && cancel, false, 'recording:job:delete'),
    ...when(includeSensitive, false, 'recording:recording:viewSensitiveData'),
    ...when(retention, false, 'recording:retentionPolicy:view', 'recording:crossPlatformRetentionPolicy:view'),
    ...when(protectSource, true, 'recording:deletionProtection:apply'),
    ...when(releaseSource, false, 'recording:deletionProtection:revoke'),
    ...when(audit, false, viewsAudits),
    ...when(checks, false, viewsDataRetention, viewsGdprRequests, viewsOrphans, viewsKeys, viewsQueues),
  ]
}

/** What the roles of the client lack. Pure. */
export function permissionFindings(grants: Grants, options: GenesysPermissionOptions): readonly Finding[] {
  return featuresOf(options).flatMap(({ permissions, isEssential }) =>
    permissions
      .filter((permission) => !grants.has(permission))
      .map((permission) => ({
        code: 'permission-missing' as const,
        severity: isEssential ? ('blocker' as const) : ('warning' as const),
        subject: permission,
        message: `No role of the OAuth client grants the permission ${permission}.`,
        remedy: `Give its role the permission ${permission} (docs/permissions.md says what it is for), or accept the finding by its code.`,
      })),
  )
}

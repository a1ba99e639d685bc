import type { Finding } from '../../model/findings.js'
import type { SourceContext, SourceInspection } from '../../model/platform.js'
import type { ExportRequest } from '../../model/request.js'
import type { CallOptions } from '../../ports/runtime.js'
import type { GenesysClient } from '../client/client.js'
import { isQueryable } from '../request/scope.js'
import { archivedFindings } from './archived-recordings.js'
import { auditFindings } from './audit-findings.js'
import { inspectScope } from './client-scope.js'
import { dataRetentionFindings } from './data-retention.js'
import { gdprFindings } from './gdpr-requests.js'
import { type Grants, readGrants } from './grants.js'
import { keyFindings } from './key-configurations.js'
import { orphanFindings } from './orphan-recordings.js'
import { permissionFindings } from './permissions.js'
import { regionalStorageFindings } from './recording-settings.js'

/** What the platform is set to do, as far as permissions are concerned. */
export interface SourceSettings {
  readonly platform: 'recording-jobs' | 'bulk-exports'
  readonly protectSource: boolean
}

/**
 * All that decides at the source whether the lists are whole and the recordings stay. Side by side, some 12 requests of an
 * ordinary organisation; docs/costs.md has the bound of each.
 */
export async function inspectSource(
  client: GenesysClient,
  request: ExportRequest,
  context: SourceContext & SourceSettings,
  options?: CallOptions,
): Promise<SourceInspection> {
  let asked: Promise<Grants | string> | undefined
  const grants = () => {
    asked ??= readGrants(client, options)
    return asked
  }
  const [{ scope, findings }, granted, ...others] = await Promise.all([
    inspectScope(client, request, grants, options),
    grants(),
    dataRetentionFindings(client, request, context, options),
    gdprFindings(client, options),
    orphanFindings(client, request, options),
    keyFindings(client, options),
    regionalStorageFindings(client, context, options),
    context.audit ? auditFindings(client, options) : [],
    isQueryable(request, client.clock.now()) ? archivedFindings(client, request, options) : [],
  ])
  const { platform, protectSource, audit = false } = context
  const { mediaTypes, includeSensitive } = request
  const needs = { platform, protectSource, audit, mediaTypes, includeSensitive, retention: false }
  const missing = typeof granted === 'string' ? [rolesUnread(granted)] : permissionFindings(granted, needs)
  return { scope, findings: merged([...findings, ...others.flat()], missing) }
}

/** What a finding is about where the roles of the client could not be read. */
export const rolesOfClient = 'roles of the OAuth client'

/** Nothing was compared, which must not look as if nothing lacked. */
function rolesUnread(why: string): Finding {
  return {
    code: 'configuration-unreadable',
    severity: 'warning',
    subject: rolesOfClient,
    message: `Which permissions the roles of the OAuth client grant could not be read, so one that lacks shows only where it is used: ${why}`,
    remedy: 'Have an administrator compare its roles with requiredGenesysPermissions (docs/permissions.md).',
  }
}

/** A permission whose absence another finding explains already needs no second one. */
function merged(findings: readonly Finding[], missing: readonly Finding[]): readonly Finding[] {
  const explained = new Set(findings.map(({ subject }) => subject))
  return [...findings, ...missing.filter(({ subject }) => !explained.has(subject))]
}

/** What may have begun since: an erasure. */
export function inspectSourceAgain(client: GenesysClient, options?: CallOptions): Promise<readonly Finding[]> {
  return gdprFindings(client, options)
}

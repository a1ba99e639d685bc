import type { RetryOptions } from '../../internal/retry.js'
import { findingCodes } from '../../model/findings.js'
import type { LegalHold } from '../../model/hold.js'
import type { Residency } from '../../model/inspection.js'
import type { PriceTable, StorageClassPrices } from '../../model/prices.js'
import type { ExportRequest, Interval } from '../../model/request.js'
import type { HoldRequirements } from '../../model/requirements.js'
import type { Acceptance } from '../../options/acceptance.js'
import type { ConcurrencyOptions, LegalHoldExporterOptions } from '../../options/exporter-options.js'
import type { PollingOptions } from '../../options/polling.js'
import type { RemediationOptions } from '../../options/remediation.js'
import { either, flag, list, type MembersFor, number, object, path, table, text, words } from './field.js'

export const retryFields = object('How often and how patiently a request is repeated.', {
  retries: number('Repeats after the first attempt.'),
  minDelayMs: number('First back-off, in milliseconds.'),
  maxDelayMs: number('Longest back-off, in milliseconds.'),
  totalTimeoutMs: number('How long an outage may last, in milliseconds.'),
} satisfies MembersFor<RetryOptions>)

export const holdFields = object('The hold.', {
  tag: text('The value that each object must carry.'),
  matter: text('Name of the matter, for the report; the folder of journal and evidence is named by it.'),
  reason: text('Why the hold was ordered.'),
  requestedBy: text('Who requested it.'),
} satisfies MembersFor<LegalHold>)

const media = words('A medium.', ['call', 'chat', 'email', 'message', 'screen'])

export const requestFields = object('What to export.', {
  integrationId: text('Integration that names bucket and role. The command `integrations` lists them.'),
  profileId: text('Export profile, for bulk exports.'),
  interval: either('When, in ISO 8601; the end is exclusive.', [
    object(
      'Start and end.',
      {
        start: text('ISO 8601 with a time zone, inclusive.'),
        end: text('ISO 8601 with a time zone, exclusive.'),
      } satisfies MembersFor<Interval>,
      ['start', 'end'],
    ),
    text('START/END'),
  ]),
  mediaTypes: either('Media; all of them where it is left out.', [
    words('Chat, email and message.', ['digital']),
    list('Some media.', media),
  ]),
  messageTypes: list('Message types such as `whatsapp`; narrows `message`.', text('A message type.')),
  conversationIds: list('Conversations.', text('An id.')),
  conversationIdsFrom: path('File with one id of a conversation a line, beside `conversationIds`.'),
  divisionIds: list('Divisions that the matter is about.', text('An id.')),
  format: text('Requested format, e.g. WAV.'),
  includeSensitive: flag('Include recordings with sensitive data. Default: true.'),
} satisfies MembersFor<ExportRequest & { conversationIdsFrom: string }>)

export const requirementFields = object('What each object must show. Default: the metadata legal-hold-tag.', {
  metadata: table('User metadata, names without x-amz-meta-.', text('A value.')),
  tags: table('Object tags.', text('A value.')),
  legalHold: flag('Object Lock legal hold.'),
  retainUntilDate: text('Object Lock retention at least until then, in ISO 8601.'),
  retentionMode: words('Least mode of the retention.', ['GOVERNANCE', 'COMPLIANCE']),
} satisfies MembersFor<HoldRequirements>)

const prices = object(
  'What the storage charges, in US dollars.',
  {
    asOf: text('Date on which the prices were looked up.'),
    region: text('Region that they are of.'),
    source: text('Where they stand.'),
    listsPer1000: number('LIST, per 1,000.'),
    classes: table(
      'By storage class.',
      object(
        'Prices of one class.',
        {
          writesPer1000: number('PUT, COPY and their kin, per 1,000.'),
          readsPer1000: number('GET, HEAD and their kin, per 1,000.'),
          retrievalPerGb: number('Reading a GB.'),
          storagePerGbMonth: number('Keeping a GB for a month.'),
          minimumDays: number('Days for which each version is billed at least.'),
          minimumBytes: number('Bytes for which each version is billed at least.'),
        } satisfies MembersFor<StorageClassPrices>,
        ['writesPer1000', 'readsPer1000', 'retrievalPerGb', 'storagePerGbMonth', 'minimumDays', 'minimumBytes'],
      ),
    ),
  } satisfies MembersFor<PriceTable>,
  ['asOf', 'region', 'source', 'listsPer1000', 'classes'],
)

export const acceptFields = list(
  'Blockers that may pass.',
  object(
    'One of them.',
    {
      code: words('Its code.', findingCodes),
      reason: text('Who answers for it and why. It is recorded.'),
    } satisfies MembersFor<Acceptance>,
    ['code', 'reason'],
  ),
)

/** Options that are adapters, or have a section of their own beside these. */
export type OtherwiseSaid =
  | 'platform'
  | 'storage'
  | 'retention'
  | 'journal'
  | 'clock'
  | 'logger'
  | 'accept'
  | 'hold'
  | 'command'

/** The options of `LegalHoldExporter` as they are. */
export const exporterFields = {
  requirements: requirementFields,
  residency: object(
    'Where data may lie.',
    { regions: list('AWS region names.', text('A region.')) } satisfies MembersFor<Residency>,
    ['regions'],
  ),
  remediation: object('How repairs are made.', {
    onConflict: words("What to do where another matter's tag stands.", ['refuse', 'merge']),
    protectOriginal: flag('Hold the delivered original before a copy demotes it. Default: true.'),
    versions: words('Which versions are held.', ['current', 'all']),
    prices,
  } satisfies MembersFor<RemediationOptions & { prices: PriceTable }>),
  concurrency: either('How much is done at once.', [
    number('Objects at once.'),
    object('In detail.', {
      objects: number('Objects read and repaired at once.'),
      folders: number('Folders listed side by side.'),
    } satisfies MembersFor<ConcurrencyOptions>),
  ]),
  retry: retryFields,
  connectTimeoutMs: number('Longest wait for the first answer of each service, in milliseconds. Default: 15000.'),
  operator: text('Who runs this, for the report.'),
  polling: object('How a job is polled.', {
    minIntervalMs: number('Shortest time between two polls, in milliseconds.'),
    maxIntervalMs: number('Longest time between two polls, in milliseconds.'),
    deadlineMs: number('All the waiting, in milliseconds.'),
    unknownStatePolls: number('Polls in a row that may answer an unknown state.'),
  } satisfies MembersFor<PollingOptions>),
  cancelJobOnAbort: flag('Cancel the jobs of a run that is aborted.'),
  audit: flag("Read Genesys Cloud's audit trail: who deleted what is missing."),
  includeParticipants: flag('Name agents and customers in the exceptions of the report.'),
  lookbackHours: number('How long before the interval a conversation may have begun, in hours.'),
  landingTimeoutMs: number('All the waiting after the job was fulfilled, in milliseconds.'),
  landingQuietMs: number('The wait ends when nothing new has arrived for this many milliseconds.'),
  landingSettleMs: number('A folder is listed once more, this many milliseconds after its last new object.'),
  restoreTimeoutMs: number('All the waiting for recordings in an archive, in milliseconds.'),
  reconciliation: words('How recordings are accounted for.', ['counts', 'recordings']),
  onUnindexed: words("What to do where the interval reaches past the platform's index.", ['block', 'wait']),
  indexTimeoutMs: number('Longest wait for the index, in milliseconds.'),
  maxJobInterval: text('Longest interval of one job, e.g. P7D.'),
  maxConversationIds: number('Conversations that one job names.'),
  verifySidecars: flag('Read each sidecar as well.'),
} satisfies MembersFor<LegalHoldExporterOptions, OtherwiseSaid>

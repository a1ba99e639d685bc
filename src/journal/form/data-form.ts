import type { JournalRecordType } from '../../model/record.js'
import type { ReleaseOutcome } from '../../model/verdict.js'
import type {
  ContentDigest,
  Decision,
  JobPart,
  MutationContext,
  RecordedError,
  RecordedRequest,
  RecordedSourceRelease,
  RecordedState,
  RecordedVerdict,
  RunIdentity,
  RunPolicy,
  Verification,
} from '../record-data.js'
import type { CheckedRecord, JournalData, UntrustedRecord } from '../records.js'
import {
  either,
  exactly,
  type Form,
  type Forms,
  flag,
  list,
  type NamedForms,
  number,
  object,
  openWord,
  optional,
  text,
  word,
  wrongMember,
} from './form.js'
import {
  action,
  bucket,
  clientScope,
  coverage,
  difference,
  errorCode,
  errorOutcome,
  estimate,
  finding,
  findingMembers,
  hold,
  jobMembers,
  mutationResult,
  numbers,
  objectOutcome,
  objectRef,
  place,
  profile,
  protectionFailure,
  recordedStateMembers,
  remediationOutcome,
  request,
  requirements,
  state,
  step,
  verdictKind,
} from './model-forms.js'
import { exceptionMembers, reportMembers } from './report-form.js'
import { shardAccountMembers, shardJobMembers, shardMembers, shardPlanMembers } from './shard-form.js'
import { membersOf, quoted } from './untrusted.js'

const policy: Forms<RunPolicy> = {
  tool: object<RunPolicy['tool']>({ name: text, version: text }),
  platform: object<RunPolicy['platform']>({ name: text, region: optional(text) }),
  storage: object<RunPolicy['storage']>({ name: text, bucket: text, endpoint: optional(text) }),
  retention: list(text),
  residency: optional(object<NonNullable<RunPolicy['residency']>>({ regions: list(text) })),
  remediation: object<RunPolicy['remediation']>({
    onConflict: text,
    protectOriginal: flag,
    versions: text,
    allowOverwrite: flag,
  }),
  accept: list(openWord<RunPolicy['accept'][number]>()),
  lookbackHours: number,
  operator: optional(text),
  command: optional(text),
  clientId: optional(text),
}

const identity: Forms<Omit<RunIdentity, keyof RunPolicy>> = { request, hold, requirements, dryRun: flag }

const context: Forms<MutationContext> = {
  attempt: number,
  place: optional(place),
  release: optional(object<NonNullable<MutationContext['release']>>({ reason: text })),
}

const recordedRequest = object<RecordedRequest>({ requestId: optional(text), httpStatus: optional(number) })

const recordedError = object<RecordedError>({
  code: optional(errorCode),
  outcome: optional(errorOutcome),
  message: text,
})

const recordedState = object<RecordedState>(recordedStateMembers)

type Read = Extract<ContentDigest, { readonly value: string }>
const digest = either(
  object<Read>({
    algorithm: text,
    value: text,
    type: optional(text),
    source: word<Read['source']>({ storage: true, content: true }),
    versionId: optional(text),
  }),
  object<Exclude<ContentDigest, Read>>({ source: exactly('unavailable'), reason: text }),
)

/** What the data of each type of record consist of. */
const forms: { readonly [Type in JournalRecordType]: Forms<JournalData[Type]> } = {
  'run-started': { ...identity, ...policy },
  'run-resumed': { resumed: number, verdicts: number, ...policy },
  'run-stopped': { error: recordedError },
  finding: findingMembers,
  acceptance: { code: findingMembers.code, subject: text, reason: optional(text) },
  inspection: {
    organization: object({ id: text, name: optional(text) }),
    profile,
    bucket,
    coverage,
    findings: list(finding),
    scope: optional(clientScope),
    parts: list(object<JobPart>({ request, awaitIndex: flag })),
  },
  'job-intent': { attempt: number, request, coverage, takenUp: optional(flag) },
  job: jobMembers,
  'job-cancel': { jobId: text },
  'profile-intent': { profileId: text, includesHoldMetadata: optional(flag) },
  'profile-restored': { profileId: text },
  protection: {
    jobId: text,
    requested: optional(number),
    protectedConversations: number,
    alreadyProtected: optional(number),
    beyondCap: optional(number),
    failed: list(protectionFailure),
  },
  intent: { hold: text, object: objectRef, ...context, step, before: state },
  outcome: {
    hold: text,
    object: objectRef,
    ...context,
    action,
    request: recordedRequest,
    result: optional(mutationResult),
    error: optional(recordedError),
  },
  verdict: {
    hold: text,
    object: objectRef,
    place,
    verdict: verdictKind,
    provenBy: optional(exactly('inventory')),
    asOf: optional(text),
    outcome: objectOutcome,
    reason: optional(text),
    decision: word<Decision>({ leave: true, repair: true, plan: true, refuse: true, none: true }),
    remediation: optional(remediationOutcome),
    actions: list(text),
    estimate: optional(estimate),
    verification: word<Verification>({ passed: true, failed: true, 'not-needed': true, 'not-done': true }),
    differences: optional(list(difference)),
    attempt: number,
    request: recordedRequest,
    job: object<RecordedVerdict['job']>({ id: optional(text), correlationId: optional(text) }),
    digest: optional(digest),
    digestBefore: optional(digest),
    before: optional(recordedState),
    after: optional(recordedState),
  },
  listing: {
    jobId: text,
    expected: number,
    skipped: number,
    repeated: optional(number),
    digest: optional(text),
    laterThanInterval: optional(number),
    laterRecordings: optional(list(object({ recordingId: text, conversationId: text }))),
    source: optional(text),
    calls: optional(numbers),
    conversations: optional(number),
    undecided: optional(number),
    withoutEnd: optional(number),
    ongoing: optional(number),
    doubt: optional(text),
    reason: optional(text),
  },
  withdrawal: { recordings: number },
  watermark: { prefix: text, through: text },
  release: {
    hold,
    reason: text,
    allowUnlock: flag,
    dryRun: flag,
    phase: word<'begun' | 'ended'>({ begun: true, ended: true }),
    releaseSource: optional(exactly(true)),
    source: optional(
      object<RecordedSourceRelease>({
        requested: number,
        kept: number,
        unprotectedConversations: number,
        failed: list(protectionFailure),
      }),
    ),
    counts: optional(
      object<Readonly<Record<ReleaseOutcome, number>>>({
        planned: number,
        released: number,
        'not-needed': number,
        refused: number,
        failed: number,
      }),
    ),
  },
  recording: { hold: text, ...exceptionMembers },
  report: reportMembers,
  'shard-plan': shardPlanMembers,
  'shard-job': shardJobMembers,
  'shard-account': shardAccountMembers,
  shard: shardMembers,
}

/** Whether the data of a record are what its type says. A type that a later version writes has no form here. */
export function hasForm(record: UntrustedRecord): record is CheckedRecord {
  return wrongMemberOf(record) === undefined
}

/** Says which member of a record's data is not what its type says. */
export function flawOfForm(record: UntrustedRecord): string {
  const wrong = wrongMemberOf(record) ?? 'type'
  return `is a ${record.type} record whose ${wrong} is ${quoted(membersOf(record.data)[wrong])}`
}

const namedForms = new Map<string, NamedForms>(
  Object.entries<Readonly<Record<string, Form<unknown>>>>(forms).map(([type, members]) => [
    type,
    Object.entries(members),
  ]),
)

function wrongMemberOf({ type, data }: UntrustedRecord): string | undefined {
  const members = namedForms.get(type)
  return members === undefined ? undefined : wrongMember(members, data)
}

import type { InventoryBound, InventoryReport, InventorySample } from '../../model/inventory/report.js'
import type { AuditEntry } from '../../model/platform.js'
import type {
  AuditReport,
  CostDollars,
  CoverageReport,
  ObjectCounts,
  ReconciliationReport,
  RecordingCounts,
  RecordingException,
  RecordingState,
  RemediationSummary,
  RepairCost,
  RunReport,
  ScaleJob,
  ScaleReport,
  StorageClassCost,
  VerdictTotals,
} from '../../model/report.js'
import { exactly, type Forms, flag, list, number, object, openWord, optional, table, text, word } from './form.js'
import {
  clientScope,
  finding,
  hold,
  interval,
  jobMembers,
  numbers,
  protectionFailure,
  requirements,
} from './model-forms.js'

const job = object(jobMembers)
const depth = word<CoverageReport['depth']>({ recordings: true, counts: true })

export const exceptionMembers: Forms<RecordingException> = {
  state: word<RecordingState>({
    held: true,
    repaired: true,
    conflicting: true,
    unreadable: true,
    unrepaired: true,
    missing: true,
    failedAtSource: true,
    skippedAtSource: true,
  }),
  reason: text,
  recordingId: optional(text),
  conversationId: optional(text),
  code: optional(text),
  key: optional(text),
  count: optional(number),
  listed: optional(exactly(false)),
  conversationStart: optional(text),
  mediaType: optional(text),
  direction: optional(text),
  queueId: optional(text),
  queueName: optional(text),
  agents: optional(list(text)),
  customer: optional(text),
}

const auditEntry = object<AuditEntry>({
  at: text,
  action: text,
  id: optional(text),
  entityType: optional(text),
  entityId: optional(text),
  conversationId: optional(text),
  userId: optional(text),
  userName: optional(text),
  clientId: optional(text),
  level: optional(text),
  status: optional(text),
  transactionId: optional(text),
})

const audit = object<AuditReport>({
  since: text,
  until: text,
  isWhole: flag,
  reason: optional(text),
  actions: numbers,
  entries: list(auditEntry),
})

const counts = object<RecordingCounts>({
  expected: number,
  held: number,
  repaired: number,
  conflicting: number,
  unreadable: number,
  unrepaired: number,
  missing: number,
  failedAtSource: number,
  skippedAtSource: number,
})

export const objects = object<ObjectCounts>({
  listed: number,
  recordings: number,
  sidecars: number,
  attachments: number,
  transcripts: number,
  unexpected: number,
  unexpectedReasons: optional(numbers),
})

const dollarMembers: Forms<CostDollars> = { requests: number, retrieval: number, storagePerMonth: number }

const cost = object<RepairCost>({
  prices: object<RepairCost['prices']>({ asOf: text, region: text, source: text }),
  requests: numbers,
  bytesCopied: number,
  extraBytesStored: number,
  unknownSizes: optional(number),
  dollars: object<RepairCost['dollars']>({ ...dollarMembers, total: number }),
  byStorageClass: table(
    object<StorageClassCost>({
      objects: number,
      requests: numbers,
      bytesCopied: number,
      extraBytesStored: number,
      unknownSizes: optional(number),
      dollars: object(dollarMembers),
      note: optional(text),
    }),
  ),
})

export const verdictTotals = object<VerdictTotals>({ count: number, digest: text })

const scale = object<ScaleReport>({
  engine: text,
  shards: number,
  rounds: number,
  jobs: list(object<ScaleJob>({ round: number, id: text, state: text, shards: number, reason: optional(text) })),
})

export const inventory = object<InventoryReport>({
  name: text,
  asOf: text,
  trusted: flag,
  reason: optional(text),
  sample: object<InventorySample>({
    of: number,
    read: number,
    confirmed: number,
    changed: number,
    contradicted: number,
  }),
  objects: number,
  bound: optional(object<InventoryBound>({ confidence: number, rate: number, objects: number })),
})

export const reportMembers: Forms<RunReport> = {
  schemaVersion: exactly(1),
  runId: text,
  dryRun: flag,
  resumed: number,
  startedAt: text,
  finishedAt: text,
  outcome: word<RunReport['outcome']>({ complete: true, incomplete: true, 'nothing-expected': true }),
  hold,
  operator: optional(text),
  command: optional(text),
  requirements,
  platform: object<RunReport['platform']>({
    name: text,
    region: optional(text),
    clientId: optional(text),
    organizationId: text,
    organizationName: optional(text),
  }),
  storage: object<RunReport['storage']>({ name: text, bucket: text, region: optional(text) }),
  job,
  jobs: list(job),
  interval,
  coverage: object<CoverageReport>({
    proven: flag,
    provenUntil: optional(text),
    availableUntil: optional(text),
    reason: optional(text),
    depth,
    scope: optional(clientScope),
  }),
  reconciliation: object<ReconciliationReport>({
    depth,
    source: text,
    calls: number,
    callsBySource: numbers,
    undecided: number,
    laterThanInterval: optional(number),
    withoutEnd: optional(number),
    regions: optional(numbers),
    reason: optional(text),
  }),
  protection: optional(
    object<NonNullable<RunReport['protection']>>({
      requested: number,
      protectedConversations: number,
      alreadyProtected: optional(number),
      beyondCap: optional(number),
      failed: list(protectionFailure),
    }),
  ),
  audit: optional(audit),
  findings: list(finding),
  accepted: list(openWord<RunReport['accepted'][number]>()),
  counts,
  objects,
  verdicts: optional(verdictTotals),
  exceptions: list(object(exceptionMembers)),
  remediations: object<RemediationSummary>({
    planned: number,
    repaired: number,
    notNeeded: number,
    refused: number,
    failed: number,
    steps: numbers,
    forcedRetries: number,
    cost,
  }),
  inventory: optional(inventory),
  scale: optional(scale),
  timings: numbers,
}

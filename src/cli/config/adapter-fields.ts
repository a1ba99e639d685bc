import type { FixedRetentionOptions } from '../../index.js'
import type { BulkExportsOptions } from '../../platforms/bulk-exports/options.js'
import type { BulkExportsFields, BulkExportsPaths } from '../../platforms/bulk-exports/surface.js'
import type { RecordingJobsOptions } from '../../platforms/recording-jobs/platform.js'
import type { S3Credentials, S3StorageOptions } from '../../storage/s3/client/settings.js'
import { retryFields } from './exporter-fields.js'
import { either, flag, type MembersFor, number, object, path, secret, text, words } from './field.js'
import { variable } from './variables.js'

/** What only a program can give: a ready client, and time and log, which the command has of its own. */
type OfPrograms = 'client' | 'clock' | 'logger'

const surfaces = ['recording-jobs', 'bulk-exports'] as const

const bulkPaths = object('Paths of the bulk exports surface; {id} stands for the id.', {
  create: text('Creates a job.'),
  list: text('Lists jobs; none if there is no such path.'),
  job: text('One job.'),
  failedRecordings: text('Recordings that failed; none if there is no such path.'),
  profiles: text('Lists export profiles.'),
  profile: text('One export profile.'),
} satisfies MembersFor<BulkExportsPaths>)

const bulkFields = object('Names of fields in requests of the bulk exports surface.', {
  integrationId: text('Name of the field.'),
  exportProfileId: text('Name of the field.'),
  filters: text('Name of the field.'),
  mediaType: text('Name of the field.'),
  interval: text('Name of the field.'),
  messageTypes: text('Name of the field.'),
  conversationIds: text('Name of the field.'),
  divisionIds: text('Name of the field.'),
  includeSensitive: text('Name of the field.'),
  format: text('Name of the field.'),
  metadata: text('Name of the field.'),
  legalHoldTag: text('Name of the field.'),
  includeLegalHoldMetadata: text('Name of the field.'),
  retentionPolicy: text('Name of the field.'),
} satisfies MembersFor<BulkExportsFields>)

export const genesysFields = object('Genesys Cloud.', {
  surface: words('Which API exports. Default: recording-jobs.', surfaces),
  region: text('AWS name (eu-west-1) or host (mypurecloud.ie).'),
  clientId: text('OAuth client with the grant type client credentials.'),
  clientSecret: secret(`Its secret. Write ${variable('GENESYS_CLIENT_SECRET')}.`),
  accessToken: secret('A token, in place of a client.'),
  endpoint: text("URL of a gateway in place of the region's hosts."),
  timeoutMs: number('Longest time of one attempt, in milliseconds.'),
  retry: retryFields,
  protectSource: flag("Protect the request's conversations from deletion before the export."),
  audit: flag('Read the audit trail of recordings.'),
  maxMetadataCalls: number('Calls that it may cost to know the expected recordings.'),
  actionDate: text('When the platform exports, in ISO 8601 (recording jobs).'),
  actionAgeDays: number("Days after a recording's creation at which it is exported (recording jobs)."),
  screenRecordingActionDate: text('As actionDate, of screen recordings.'),
  screenRecordingActionAgeDays: number('As actionAgeDays, of screen recordings.'),
  paths: bulkPaths,
  fields: bulkFields,
  allowProfileUpdate: flag("Switch the export profile's hold metadata on where it is off (bulk exports)."),
  restoreProfile: flag('Put a forced profile back afterwards (bulk exports).'),
  forcedRetries: number('How often a run may force the profile and export again (bulk exports).'),
} satisfies MembersFor<RecordingJobsOptions & BulkExportsOptions & { surface: string }, OfPrograms>)

/** Keys of `genesys` that only one of the surfaces knows. */
export const ofRecordingJobs = [
  'actionDate',
  'actionAgeDays',
  'screenRecordingActionDate',
  'screenRecordingActionAgeDays',
] as const satisfies readonly (keyof RecordingJobsOptions)[]
export const ofBulkExports = [
  'paths',
  'fields',
  'allowProfileUpdate',
  'restoreProfile',
  'forcedRetries',
] as const satisfies readonly (keyof BulkExportsOptions)[]

export const s3Fields = object('The bucket that Genesys Cloud delivers to.', {
  bucket: text('Its name.'),
  region: text('Its region.'),
  endpoint: text('Another S3 server.'),
  credentials: object(
    'Keys. Left out, they are found as the AWS SDK finds them.',
    {
      accessKeyId: text('Id of the key.'),
      secretAccessKey: secret(`The key. Write ${variable('AWS_SECRET_ACCESS_KEY')}.`),
      sessionToken: secret('Of temporary keys.'),
    } satisfies MembersFor<S3Credentials, 'expiration'>,
    ['accessKeyId', 'secretAccessKey'],
  ),
  forcePathStyle: flag('Bucket in the path. Default: true with an endpoint.'),
  maxSockets: number('Connections held at most.'),
  attemptTimeoutMs: number('How long one request may take, in milliseconds.'),
  expectedBucketOwner: text('Account that must own the bucket.'),
  contentMd5: flag('Send bodies with Content-MD5, for older servers.'),
  requestPayer: words('The bucket is paid for by who asks.', ['requester']),
  multipartThresholdBytes: number('Objects larger than this are copied in parts.'),
  partSizeBytes: number('Size of one part.'),
  copyConcurrency: number('Parts copied side by side.'),
  allowReplicas: flag('Repair objects that are replicas of another bucket.'),
  sseCustomerKey: secret('256-bit key, in base64, of objects encrypted with SSE-C.'),
  transport: words('How requests are sent.', ['auto', 'sdk']),
  retry: retryFields,
} satisfies MembersFor<S3StorageOptions, 'client' | 'clock' | 'requestHandler' | 'dispatcher'>)

export const retentionFields = object('What would delete, expire or strip recordings, and is asked about it.', {
  mediaPolicies: either("Genesys Cloud's media retention policies. Default: true.", [
    flag('Whether they are read.'),
    object('How.', { minimumRetentionDays: number('Days for which a recording must stay at the source.') }),
  ]),
  exportProfile: flag("The export profile's own policy. Default: true with bulk exports."),
  s3Lifecycle: flag("The bucket's lifecycle rules. Default: true."),
  fixed: object(
    'What your own records schedule says.',
    {
      minimumDays: number('How long the matter must be kept, in days from now.'),
      deletesAfterDays: number('After how many days your own archive deletes.'),
    } satisfies MembersFor<FixedRetentionOptions>,
    ['minimumDays'],
  ),
})

export const evidenceFields = object('The signed bundle of evidence. Without a key nothing is sealed.', {
  dir: path('Folder of the bundle. Default: legal-hold/MATTER/evidence beside this file.'),
  signingKey: path('File with the private key, in PEM.'),
  passphrase: secret(`Of the signing key. Write ${variable('SIGNING_KEY_PASSPHRASE')}.`),
  kmsKeyId: text('Key in AWS KMS (ECC_NIST_P256), in place of a file.'),
  kmsRegion: text('Its region. Default: the one of the bucket.'),
  kmsEndpoint: text('Another server for KMS.'),
  timestamp: object(
    'Who stamps the time (RFC 3161).',
    { authority: text('URL of the authority.'), caFile: path("File with certificates that the authority's lead to.") },
    ['authority'],
  ),
  previous: path('The bundle before this one of the same matter.'),
  hashContent: words('When contents are read for their SHA-256.', ['missing', 'all', 'none']),
})

export const notifyFields = object('Who is told when a run has ended or failed.', {
  webhook: object('A URL that is sent a signed JSON.', {
    url: text('https, or http to loopback.'),
    secret: secret(`Key of the signature (HMAC-SHA-256). Write ${variable('NOTIFY_SECRET')}.`),
  }),
  sns: object('An Amazon SNS topic.', {
    topicArn: text('Its ARN.'),
    region: text('Default: that of the ARN.'),
    endpoint: text('Another server.'),
  }),
  eventBridge: object('An Amazon EventBridge bus.', {
    bus: text('Name or ARN.'),
    region: text('Default: that of the bucket.'),
    endpoint: text('Another server.'),
  }),
})

export const logFields = object('The log of the library.', {
  level: words('The least level that is written.', ['debug', 'info', 'warn', 'error']),
  file: path('File that it is added to, one JSON a line. Default: standard error.'),
})

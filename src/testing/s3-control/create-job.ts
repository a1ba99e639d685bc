import { child, children, childText, type XmlElement } from '../s3/http/xml.js'
import { ControlRefusal } from './refusal.js'

/** A job as it was asked for. */
export interface JobRequest {
  readonly token: string
  readonly confirmationRequired: boolean
  readonly description: string | undefined
  readonly priority: number
  readonly roleArn: string
  readonly functionArn: string
  readonly invocationSchemaVersion: '1.0' | '2.0'
  readonly userArguments: Readonly<Record<string, string>> | undefined
  readonly manifest: {
    readonly fields: readonly string[]
    readonly bucket: string
    readonly key: string
    readonly objectArn: string
    readonly etag: string
  }
  readonly report:
    | { readonly bucket: string; readonly prefix: string | undefined; readonly scope: 'AllTasks' | 'FailedTasksOnly' }
    | undefined
}

const functionForm =
  /^(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d:)?(\d{12}:)?(function:)?([\w-]+)(:(\$LATEST|[\w-]+))?$/
const roleForm = /^arn:[^:]+:iam::\d{12}:role\/.+$/
const objectForm = /^arn:aws[a-z-]*:s3:::([^/]+)\/(.+)$/s
const bucketForm = /^arn:aws[a-z-]*:s3:::([^/]+)$/

/** Reads and checks a request by the constraints of the API reference, CreateJob. */
export function readCreateJob(root: XmlElement): JobRequest {
  const token = requireText(root, 'ClientRequestToken', 64)
  const priority = Number(childText(root, 'Priority') ?? Number.NaN)
  require(Number.isInteger(priority) &&
    priority >= 0 &&
    priority <= 2_147_483_647, 'Priority must be from 0 to 2147483647')
  const roleArn = requireText(root, 'RoleArn', 2048)
  require(roleForm.test(roleArn), 'RoleArn is not the ARN of a role')
  const description = childText(root, 'Description')
  require(description === undefined || isText(description, 256), 'Description must have 1 to 256 characters')
  return {
    token,
    confirmationRequired: childText(root, 'ConfirmationRequired') === 'true',
    description,
    priority,
    roleArn,
    ...readOperation(root),
    manifest: readManifest(root),
    report: readReport(root),
  }
}

function readOperation(root: XmlElement) {
  const operation = child(root, 'Operation')
  require(operation !== undefined && operation.children.length === 1, 'Exactly one operation must be given')
  const invoke = operation && child(operation, 'LambdaInvoke')
  if (invoke === undefined) throw refused('This simulator runs no operation but LambdaInvoke')
  const functionArn = requireText(invoke, 'FunctionArn', 1024)
  require(functionForm.test(functionArn), 'FunctionArn is not the ARN of a function')
  const version = childText(invoke, 'InvocationSchemaVersion') ?? '1.0'
  if (version !== '1.0' && version !== '2.0') throw refused('InvocationSchemaVersion must be 1.0 or 2.0')
  const given = child(invoke, 'UserArguments')
  require(given === undefined || version === '2.0', 'UserArguments need InvocationSchemaVersion 2.0')
  const entries =
    given && children(given, 'entry').map((one) => [childText(one, 'key'), childText(one, 'value')] as const)
  for (const [key, value] of entries ?? []) {
    require(isText(key, 64) && value !== undefined && value.length <= 1024, 'A user argument is too long')
  }
  require(entries === undefined || entries.length <= 10, 'There may be at most 10 user arguments')
  const userArguments = entries && (Object.fromEntries(entries) as Record<string, string>)
  return { functionArn, invocationSchemaVersion: version, userArguments } as const
}

function readManifest(root: XmlElement): JobRequest['manifest'] {
  require(child(root, 'ManifestGenerator') === undefined, 'This simulator takes no ManifestGenerator')
  const manifest = child(root, 'Manifest')
  const spec = manifest && child(manifest, 'Spec')
  const location = manifest && child(manifest, 'Location')
  if (spec === undefined || location === undefined) throw refused('A manifest with Spec and Location is required')
  const format = childText(spec, 'Format')
  require(format ===
    'S3BatchOperations_CSV_20180820', 'This simulator reads manifests of S3BatchOperations_CSV_20180820 only')
  const list = child(spec, 'Fields')
  const fields = list === undefined ? [] : children(list, 'member').map(({ text }) => text)
  require(fields.every((field) =>
    ['Ignore', 'Bucket', 'Key', 'VersionId'].includes(field),
  ), 'Fields may be Ignore, Bucket, Key and VersionId')
  require(fields.includes('Bucket') && fields.includes('Key'), 'Fields must include Bucket and Key')
  const objectArn = requireText(location, 'ObjectArn', 2000)
  const [, bucket, key] = objectForm.exec(objectArn) ?? []
  if (bucket === undefined || key === undefined) throw refused('ObjectArn is not the ARN of an object')
  const etag = requireText(location, 'ETag', 1024).replaceAll('"', '')
  return { fields, bucket, key, objectArn, etag }
}

function readReport(root: XmlElement): JobRequest['report'] {
  const report = child(root, 'Report')
  const enabled = report && childText(report, 'Enabled')
  if (report === undefined || enabled === undefined) throw refused('Report is required')
  if (enabled !== 'true') return undefined
  const bucket = bucketForm.exec(childText(report, 'Bucket') ?? '')?.[1]
  const prefix = childText(report, 'Prefix')
  const scope = childText(report, 'ReportScope')
  if (bucket === undefined) throw refused('A report needs the ARN of its bucket')
  require(childText(report, 'Format') === 'Report_CSV_20180820', 'A report needs the format Report_CSV_20180820')
  if (scope !== 'AllTasks' && scope !== 'FailedTasksOnly') throw refused('A report needs a scope')
  require(prefix === undefined || isText(prefix, 512), 'The prefix of a report must have 1 to 512 characters')
  return { bucket, prefix, scope }
}

function requireText(element: XmlElement, name: string, most: number): string {
  const text = childText(element, name)
  if (text === undefined || !isText(text, most)) throw refused(`${name} must have 1 to ${most} characters`)
  return text
}

function isText(text: string | undefined, most: number): boolean {
  return text !== undefined && text.length >= 1 && text.length <= most
}

function require(right: boolean, message: string): void {
  if (!right) throw refused(message)
}

function refused(message: string): ControlRefusal {
  return new ControlRefusal('InvalidRequest', message)
}

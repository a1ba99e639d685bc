import { randomUUID } from 'node:crypto'
import type { Answer } from '../../http/answer.js'
import type { Call } from '../call.js'
import { invalidArgument, S3Error, type S3ErrorCode } from '../http/errors.js'
import { emptyAnswer, xmlAnswer } from '../http/respond.js'
import { child, children, childText, leaf, writeElement, type XmlElement, xmlDocument } from '../http/xml.js'
import { checkLifecycle } from './lifecycle.js'

/** A configuration that the simulator keeps and answers, without acting on it. */
interface DocumentKind {
  readonly root: string
  readonly getAction: string
  readonly putAction: string
  /** Error while there is none; without one the answer is an empty document. */
  readonly missing?: S3ErrorCode | undefined
  readonly putStatus?: number | undefined
  /** Content of the document while there is none. */
  readonly initial?: string | undefined
  readonly check?: ((document: XmlElement, call: Call) => void) | undefined
  /** Set if a bucket has several, told apart by `id`; the root of the document that lists them. */
  readonly list?: string | undefined
}

const kinds: ReadonlyMap<string, DocumentKind> = new Map<string, DocumentKind>([
  [
    'lifecycle',
    {
      root: 'LifecycleConfiguration',
      getAction: 's3:GetLifecycleConfiguration',
      putAction: 's3:PutLifecycleConfiguration',
      missing: 'NoSuchLifecycleConfiguration',
      check: checkLifecycle,
    },
  ],
  ['cors', kind('CORSConfiguration', 'BucketCORS', 'NoSuchCORSConfiguration')],
  ['website', kind('WebsiteConfiguration', 'BucketWebsite', 'NoSuchWebsiteConfiguration')],
  [
    'replication',
    {
      root: 'ReplicationConfiguration',
      getAction: 's3:GetReplicationConfiguration',
      putAction: 's3:PutReplicationConfiguration',
      missing: 'ReplicationConfigurationNotFoundError',
      check: (_, call) => {
        if (call.bucket().settings.versioning !== 'Enabled') {
          throw new S3Error('InvalidRequest', {
            message: "Versioning must be 'Enabled' on the bucket to apply a replication configuration",
          })
        }
      },
    },
  ],
  ['logging', { ...kind('BucketLoggingStatus', 'BucketLogging'), check: checkLogging }],
  ['notification', kind('NotificationConfiguration', 'BucketNotification')],
  ['accelerate', { ...kind('AccelerateConfiguration', 'AccelerateConfiguration'), check: checkAcceleration }],
  [
    'requestPayment',
    {
      ...kind('RequestPaymentConfiguration', 'BucketRequestPayment'),
      initial: leaf('Payer', 'BucketOwner'),
      check: checkPayer,
    },
  ],
  ['analytics', several('AnalyticsConfiguration', 'AnalyticsConfiguration', 'ListBucketAnalyticsConfigurationResult')],
  ['inventory', several('InventoryConfiguration', 'InventoryConfiguration', 'ListInventoryConfigurationsResult')],
  ['metrics', several('MetricsConfiguration', 'MetricsConfiguration', 'ListMetricsConfigurationsResult')],
  [
    'intelligent-tiering',
    several(
      'IntelligentTieringConfiguration',
      'IntelligentTieringConfiguration',
      'ListBucketIntelligentTieringConfigurationsOutput',
    ),
  ],
])

function kind(root: string, action: string, missing?: S3ErrorCode): DocumentKind {
  return { root, getAction: `s3:Get${action}`, putAction: `s3:Put${action}`, missing }
}

function several(root: string, action: string, list: string): DocumentKind {
  return { ...kind(root, action, 'NoSuchConfiguration'), putStatus: 204, list }
}

/** Sub-resources whose configuration is kept as a document. */
export const documentResources: readonly string[] = [...kinds.keys()]

function kindOf(resource: string): DocumentKind {
  const found = kinds.get(resource)
  if (found === undefined) throw new S3Error('NotImplemented')
  return found
}

/** Reads, writes and deletes one kind of configuration. */
export function documentOperations(resource: string): {
  readonly get: (call: Call) => Answer
  readonly put: (call: Call) => Promise<Answer>
  readonly remove: (call: Call) => Answer
} {
  const described = kindOf(resource)
  return {
    get: (call) => get(call, resource, described),
    put: (call) => put(call, resource, described),
    remove: (call) => {
      call.bucket()
      call.allow(described.putAction)
      const name = nameOf(call, resource, described)
      const known = call.bucket().settings.documents.some(([other]) => other === name)
      // Of those that a bucket has several of, a missing one cannot be deleted again.
      if (!known && described.list !== undefined) throw new S3Error('NoSuchConfiguration')
      save(call, name, undefined)
      return emptyAnswer(204)
    },
  }
}

function nameOf(call: Call, resource: string, { list }: DocumentKind): string {
  if (list === undefined) return resource
  const id = call.request.query.get('id')
  if (id === undefined || id === '') throw invalidArgument('id', id, 'Missing required configuration id')
  return `${resource}/${id}`
}

function get(call: Call, resource: string, described: DocumentKind): Answer {
  const { documents } = call.bucket().settings
  call.allow(described.getAction)
  if (described.list !== undefined && !call.request.query.has('id')) {
    return listDocuments(call, resource, described.list)
  }
  const name = nameOf(call, resource, described)
  const text = documents.find(([known]) => known === name)?.[1]
  if (text === undefined) {
    if (described.missing !== undefined) {
      const details = described.list === undefined ? [['BucketName', call.bucketName] as const] : []
      throw new S3Error(described.missing, { details })
    }
    return xmlAnswer(xmlDocument(described.root, described.initial ?? ''))
  }
  return xmlAnswer(
    text.replace(`<${described.root}>`, `<${described.root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`),
    resource === 'lifecycle' ? [[minimumSizeHeader, storedMinimumSize(call)]] : [],
  )
}

/** A setting of the lifecycle configuration that travels in a header. */
const minimumSizeHeader = 'x-amz-transition-default-minimum-object-size'

function storedMinimumSize(call: Call): string {
  const stored = call.bucket().settings.documents.find(([name]) => name === minimumSizeHeader)
  return stored?.[1] ?? 'all_storage_classes_128K'
}

const pageLength = 100

function listDocuments(call: Call, resource: string, root: string): Answer {
  const token = call.request.query.get('continuation-token')
  const after = Buffer.from(token ?? '', 'base64').toString('utf8')
  const rest = call
    .bucket()
    .settings.documents.filter(([name]) => name.startsWith(`${resource}/`) && name > after)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  const page = rest.slice(0, pageLength)
  const truncated = rest.length > page.length
  const next = truncated ? Buffer.from(page.at(-1)?.[0] ?? '').toString('base64') : undefined
  return xmlAnswer(
    xmlDocument(
      root,
      leaf('IsTruncated', truncated),
      leaf('ContinuationToken', token),
      leaf('NextContinuationToken', next),
      ...page.map(([, text]) => text),
    ),
  )
}

function checkPayer(document: XmlElement): void {
  const payer = childText(document, 'Payer')
  if (payer !== 'BucketOwner' && payer !== 'Requester') throw new S3Error('MalformedXML')
}

function checkLogging(document: XmlElement, call: Call): void {
  const enabled = child(document, 'LoggingEnabled')
  if (enabled === undefined) return
  const target = childText(enabled, 'TargetBucket')
  if (target === undefined || child(enabled, 'TargetPrefix') === undefined) throw new S3Error('MalformedXML')
  const settings = call.store.buckets.get(target)?.settings
  if (settings === undefined) {
    throw new S3Error('InvalidTargetBucketForLogging', { details: [['TargetBucket', target]] })
  }
  if (settings.region !== call.bucket().settings.region) {
    throw new S3Error('CrossLocationLoggingProhibitted', { details: [['TargetBucketLocation', settings.region]] })
  }
}

function checkAcceleration(document: XmlElement, call: Call): void {
  if (call.bucketName.includes('.')) {
    throw new S3Error('InvalidRequest', {
      message: 'S3 Transfer Acceleration is not supported for buckets with periods (.) in their names',
    })
  }
  const status = childText(document, 'Status')
  if (status !== 'Enabled' && status !== 'Suspended') throw new S3Error('MalformedXML')
}

async function put(call: Call, resource: string, described: DocumentKind): Promise<Answer> {
  call.bucket()
  call.allow(described.putAction)
  const digestRequired = ['lifecycle', 'cors', 'website', 'replication', 'logging', 'requestPayment'].includes(resource)
  const document = await call.xml(described.root, { digestRequired })
  const minimumSize = call.header(minimumSizeHeader) ?? 'all_storage_classes_128K'
  if (minimumSize !== 'all_storage_classes_128K' && minimumSize !== 'varies_by_storage_class') {
    throw new S3Error('InvalidRequest', {
      message: `Invalid TransitionDefaultMinimumObjectSize found: ${minimumSize}`,
    })
  }
  described.check?.(document, call)
  const id = call.request.query.get('id')
  if (described.list !== undefined && childText(document, 'Id') !== id) throw new S3Error('MalformedXML')
  save(call, nameOf(call, resource, described), writeElement(named(document)))
  if (resource !== 'lifecycle') return emptyAnswer(described.putStatus ?? 200)
  save(call, minimumSizeHeader, minimumSize)
  return emptyAnswer(200, [[minimumSizeHeader, minimumSize]])
}

/** S3 names the rules that come without an id. */
function named(document: XmlElement): XmlElement {
  if (document.name !== 'LifecycleConfiguration') return document
  const withId = (rule: XmlElement): XmlElement => {
    if (rule.name !== 'Rule' || childText(rule, 'ID') !== undefined) return rule
    return {
      ...rule,
      children: [{ name: 'ID', attributes: new Map(), children: [], text: randomUUID() }, ...rule.children],
    }
  }
  return children(document, 'Rule').length === 0 ? document : { ...document, children: document.children.map(withId) }
}

function save(call: Call, name: string, text: string | undefined): void {
  const { settings } = call.bucket()
  const others = settings.documents.filter(([known]) => known !== name)
  call.store.saveBucket({ ...settings, documents: text === undefined ? others : [...others, [name, text]] })
}

import { atOf } from './layout.ts'
import { listingOf, versionsOf } from './listings.ts'
import { checksumOf, etagOf, Objects, sizeOf, type Version } from './objects.ts'

export interface Answer {
  readonly status: number
  /** Names and values in turn. */
  readonly headers: readonly string[]
  readonly body: string
}

/** A request on the bench's bucket. */
export interface Call {
  readonly method: string
  /** Undefined for a request on the bucket itself. */
  readonly key: string | undefined
  readonly query: URLSearchParams
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const xmlns = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
const xml = (body: string, status = 200, headers: readonly string[] = []): Answer => ({
  status,
  headers: ['Content-Type', 'application/xml', ...headers],
  body,
})
const done: Answer = { status: 200, headers: [], body: '' }
const failed = (code: string, status: number): Answer =>
  xml(`<Error><Code>${code}</Code><Message>${code} in this bench.</Message></Error>`, status)

/** Operations by method and sub-resource. */
const names: Readonly<Record<string, string>> = {
  'HEAD ': 'HeadObject',
  'GET ': 'GetObject',
  'PUT ': 'PutObject',
  'PUT copy': 'CopyObject',
  'PUT uploadId': 'UploadPart',
  'DELETE uploadId': 'AbortMultipartUpload',
  'GET tagging': 'GetObjectTagging',
  'PUT tagging': 'PutObjectTagging',
  'GET legal-hold': 'GetObjectLegalHold',
  'PUT legal-hold': 'PutObjectLegalHold',
  'GET retention': 'GetObjectRetention',
  'PUT retention': 'PutObjectRetention',
}
const bucketNames: Readonly<Record<string, string>> = {
  'HEAD ': 'HeadBucket',
  'GET list-type': 'ListObjectsV2',
  'GET versions': 'ListObjectVersions',
  'GET uploads': 'ListMultipartUploads',
  'GET policy': 'GetBucketPolicy',
  'GET versioning': 'GetBucketVersioning',
  'GET object-lock': 'GetObjectLockConfiguration',
  'GET ownershipControls': 'GetBucketOwnershipControls',
  'GET location': 'GetBucketLocation',
  'GET encryption': 'GetBucketEncryption',
}
const subResources = new Set([
  ...['tagging', 'legal-hold', 'retention', 'acl', 'attributes', 'uploads', 'uploadId'],
  ...['list-type', 'versions', 'versioning', 'object-lock', 'ownershipControls', 'location', 'encryption', 'lifecycle'],
  ...['policy', 'publicAccessBlock'],
])

/** Name of the operation that a request asks for. */
export function operationOf({ method, key, query, headers }: Call): string {
  const known = key === undefined ? bucketNames : names
  const name = `${method} ${subResourceOf(query) ?? (headers['x-amz-copy-source'] === undefined ? '' : 'copy')}`
  return known[name] ?? name
}

function subResourceOf(query: URLSearchParams): string | undefined {
  for (const name of query.keys()) if (subResources.has(name)) return name
  return undefined
}

/** A bucket that remembers what is written to it: versions, holds, retentions and tags. Versioning is on. */
export class WholeBucket {
  readonly #objects = new Objects()
  readonly #name: string
  readonly #count: number
  readonly #objectLock: boolean

  constructor(name: string, count: number, objectLock: boolean) {
    this.#name = name
    this.#count = count
    this.#objectLock = objectLock
  }

  /** The answer, and the number of the object that it is about. */
  answer(call: Call, operation: string): Answer & { readonly at?: number | undefined } {
    if (call.key === undefined) return this.#ofBucket(call.query, operation)
    const at = atOf(call.key, this.#count)
    const version = at === undefined ? undefined : this.#objects.find(at, call.query.get('versionId') ?? undefined)
    if (at === undefined || version === undefined) return { ...failed('NoSuchKey', 404), at }
    return { ...this.#ofObject(call, operation, { at, version }), at }
  }

  #ofBucket(query: URLSearchParams, operation: string): Answer {
    const listed = { name: this.#name, count: this.#count, objects: this.#objects }
    switch (operation) {
      case 'ListObjectsV2':
        return xml(listingOf(listed, query))
      case 'ListObjectVersions':
        return xml(versionsOf(listed, query))
      case 'HeadBucket':
        return { status: 200, headers: ['x-amz-bucket-region', 'eu-west-1'], body: '' }
      case 'GetBucketLocation':
        return xml(`<LocationConstraint ${xmlns}>eu-west-1</LocationConstraint>`)
      case 'GetBucketVersioning':
        return xml(`<VersioningConfiguration ${xmlns}><Status>Enabled</Status></VersioningConfiguration>`)
      case 'GetObjectLockConfiguration':
        if (!this.#objectLock) return failed('ObjectLockConfigurationNotFoundError', 404)
        return xml(
          `<ObjectLockConfiguration ${xmlns}><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>`,
        )
      case 'GetBucketOwnershipControls':
        return xml(
          `<OwnershipControls ${xmlns}><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>`,
        )
      case 'GetBucketEncryption':
        return xml(
          `<ServerSideEncryptionConfiguration ${xmlns}><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>`,
        )
      default:
        return failed('NotImplemented', 501)
    }
  }

  #ofObject(
    call: Call,
    operation: string,
    { at, version }: { readonly at: number; readonly version: Version },
  ): Answer {
    const ofVersion = ['x-amz-version-id', version.id]
    switch (operation) {
      case 'HeadObject':
        return { status: 200, headers: headHeaders(at, version, call), body: '' }
      case 'CopyObject':
        return this.#copy(call, at)
      case 'GetObjectTagging':
        return xml(version.tags || `<Tagging ${xmlns}><TagSet></TagSet></Tagging>`, 200, ofVersion)
      case 'PutObjectTagging':
        this.#objects.change(at, version.id, { tags: call.body })
        return { ...done, headers: ofVersion }
    }
    if (!/^(Get|Put)Object(LegalHold|Retention)$/.test(operation)) return failed('NotImplemented', 501)
    if (!this.#objectLock) return failed('InvalidRequest', 400)
    return this.#ofLock(call, operation, { at, version })
  }

  #ofLock(call: Call, operation: string, { at, version }: { readonly at: number; readonly version: Version }): Answer {
    const { legalHold, retention } = version
    switch (operation) {
      case 'GetObjectLegalHold':
        if (legalHold === undefined) return failed('NoSuchObjectLockConfiguration', 404)
        return xml(`<LegalHold ${xmlns}><Status>${legalHold}</Status></LegalHold>`)
      case 'GetObjectRetention':
        if (retention === undefined) return failed('NoSuchObjectLockConfiguration', 404)
        return xml(
          `<Retention ${xmlns}><Mode>${retention.mode}</Mode><RetainUntilDate>${retention.until}</RetainUntilDate></Retention>`,
        )
      case 'PutObjectLegalHold':
        this.#objects.change(at, version.id, { legalHold: call.body.includes('>ON<') ? 'ON' : 'OFF' })
        return done
      default: {
        const [, mode = ''] = /<Mode>(\w+)</.exec(call.body) ?? []
        const [, until = ''] = /<RetainUntilDate>([^<]+)</.exec(call.body) ?? []
        this.#objects.change(at, version.id, { retention: { mode, until } })
        return done
      }
    }
  }

  #copy({ headers }: Call, at: number): Answer {
    const source = decodeURIComponent(headers['x-amz-copy-source'] ?? '')
    const [, path = '', id] = /^\/?[^/]+\/([^?]+)(?:\?versionId=(.+))?$/.exec(source) ?? []
    const from = atOf(path, this.#count)
    const copied = from === undefined ? undefined : this.#objects.find(from, id)
    if (copied === undefined) return failed('NoSuchKey', 404)
    const matches = [headers['x-amz-copy-source-if-match'], headers['if-match']]
    if (matches.some((etag) => etag !== undefined && etag.replaceAll('"', '') !== etagOf(at).replaceAll('"', ''))) {
      return failed('PreconditionFailed', 412)
    }
    const replaces = headers['x-amz-metadata-directive'] === 'REPLACE'
    const mode = headers['x-amz-object-lock-mode']
    const version = this.#objects.write(at, {
      metadata: replaces ? metadataOf(headers) : copied.metadata,
      contentType: replaces ? (headers['content-type'] ?? 'binary/octet-stream') : copied.contentType,
      legalHold: headers['x-amz-object-lock-legal-hold'] === 'ON' ? 'ON' : undefined,
      retention: mode === undefined ? undefined : { mode, until: headers['x-amz-object-lock-retain-until-date'] ?? '' },
      tags: headers['x-amz-tagging-directive'] === 'REPLACE' ? '' : copied.tags,
    })
    return xml(
      `<CopyObjectResult ${xmlns}><LastModified>${new Date(version.lastModified).toISOString()}</LastModified><ETag>${etagOf(at)}</ETag><ChecksumCRC64NVME>${checksumOf(at)}</ChecksumCRC64NVME><ChecksumType>FULL_OBJECT</ChecksumType></CopyObjectResult>`,
      200,
      [
        'x-amz-version-id',
        version.id,
        'x-amz-copy-source-version-id',
        copied.id,
        'x-amz-server-side-encryption',
        'AES256',
      ],
    )
  }
}

function metadataOf(headers: Call['headers']): [header: string, value: string][] {
  return Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith('x-amz-meta-') ? [[name, value] as [string, string]] : [],
  )
}

function headHeaders(at: number, version: Version, { headers: asked }: Call): string[] {
  const headers = [
    'Last-Modified',
    version.lastModified,
    'ETag',
    etagOf(at),
    'Content-Length',
    String(sizeOf(at)),
    'Content-Type',
    version.contentType,
    'Accept-Ranges',
    'bytes',
    'x-amz-version-id',
    version.id,
    'x-amz-server-side-encryption',
    'AES256',
    ...version.metadata.flat(),
  ]
  if (asked['x-amz-checksum-mode'] === 'ENABLED') {
    headers.push('x-amz-checksum-crc64nvme', checksumOf(at), 'x-amz-checksum-type', 'FULL_OBJECT')
  }
  const { legalHold, retention, tags } = version
  if (legalHold !== undefined) headers.push('x-amz-object-lock-legal-hold', legalHold)
  if (retention !== undefined) {
    headers.push('x-amz-object-lock-mode', retention.mode, 'x-amz-object-lock-retain-until-date', retention.until)
  }
  const count = tags.split('<Tag>').length - 1
  if (count > 0) headers.push('x-amz-tagging-count', String(count))
  return headers
}

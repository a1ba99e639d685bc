import type { FastOperation } from '../../protocol/operation-table.js'
import type { RenderedCall } from '../session.js'
import { encodeKeyPath, encodeQueryPart } from '../signature.js'

/*
 * The requests that nearly every repair sends, as the SDK's schemas render them. Those walk through every member that an
 * operation may have, which takes longer than all else that is done to send one. Whatever has a member, or a value, that is
 * not plainly known here gives `undefined`: then the schemas render it.
 */

type Input = Readonly<Record<string, unknown>>
type Headers = Record<string, string>

/** How one operation is rendered. */
interface Form {
  readonly method: RenderedCall['method']
  /** Encoded. */
  readonly query: string
  /** Whether the query names a version. */
  readonly hasVersion: boolean
  /** Headers of the members that are texts. */
  readonly texts: Readonly<Record<string, string>>
  /** Headers of another member; `false` if it is none. */
  readonly others?: (member: string, value: unknown, headers: Headers) => boolean
  /** The document; `undefined` where the input has none. */
  readonly body?: { readonly member: string; readonly of: (value: unknown) => string | undefined }
}

const addressed = { RequestPayer: 'x-amz-request-payer', ExpectedBucketOwner: 'x-amz-expected-bucket-owner' } as const

const forms: Partial<Record<FastOperation, Form>> = {
  GetObjectLegalHold: { method: 'GET', query: 'legal-hold=', hasVersion: true, texts: addressed },
  GetObjectRetention: { method: 'GET', query: 'retention=', hasVersion: true, texts: addressed },
  PutObjectLegalHold: {
    method: 'PUT',
    query: 'legal-hold=',
    hasVersion: true,
    texts: { ...addressed, ChecksumAlgorithm: 'x-amz-sdk-checksum-algorithm' },
    body: { member: 'LegalHold', of: legalHoldOf },
  },
  CopyObject: {
    method: 'PUT',
    query: 'x-id=CopyObject',
    hasVersion: false,
    texts: {
      ...addressed,
      ExpectedSourceBucketOwner: 'x-amz-source-expected-bucket-owner',
      CopySource: 'x-amz-copy-source',
      CopySourceIfMatch: 'x-amz-copy-source-if-match',
      IfMatch: 'if-match',
      MetadataDirective: 'x-amz-metadata-directive',
      TaggingDirective: 'x-amz-tagging-directive',
      Tagging: 'x-amz-tagging',
      ContentType: 'content-type',
      ContentEncoding: 'content-encoding',
      ContentLanguage: 'content-language',
      ContentDisposition: 'content-disposition',
      CacheControl: 'cache-control',
      WebsiteRedirectLocation: 'x-amz-website-redirect-location',
      StorageClass: 'x-amz-storage-class',
      ServerSideEncryption: 'x-amz-server-side-encryption',
      SSEKMSKeyId: 'x-amz-server-side-encryption-aws-kms-key-id',
      ChecksumAlgorithm: 'x-amz-checksum-algorithm',
      ObjectLockLegalHoldStatus: 'x-amz-object-lock-legal-hold',
      ObjectLockMode: 'x-amz-object-lock-mode',
    },
    others: copyHeader,
  },
}

/** One with everything that is rendered here, to be compared with what the SDK makes of it; none for other operations. */
export const usualProbes: Partial<Record<FastOperation, Input>> = Object.fromEntries(
  Object.entries(forms).map(([operation, { texts, hasVersion, body, others }]) => [
    operation,
    {
      ...Object.fromEntries(Object.keys(texts).map((member) => [member, `probe of ${member}; "a, b"`])),
      ...(hasVersion ? { VersionId: 'probe+/=' } : {}),
      ...(body === undefined ? {} : { [body.member]: { Status: 'ON' } }),
      ...(others === undefined
        ? {}
        : {
            Metadata: { 'Legal-Hold-Tag': 'a  "b", c', empty: '' },
            BucketKeyEnabled: true,
            ObjectLockRetainUntilDate: new Date(1_700_000_000_000),
          }),
    },
  ]),
)

/** A request with the headers that its input gives it, or `undefined` for the schemas to render. */
export function renderUsual(
  operation: FastOperation,
  input: Input,
): (RenderedCall & { readonly headers: Headers }) | undefined {
  const form = forms[operation]
  const { Key } = input
  if (form === undefined || typeof Key !== 'string' || Key === '') return undefined
  const headers: Headers = form.body === undefined ? {} : { 'content-type': 'application/xml' }
  let { query } = form
  let body: string | undefined
  for (const member in input) {
    const value = input[member]
    if (value === undefined || member === 'Key' || member === 'Bucket') continue
    const name = Object.hasOwn(form.texts, member) ? form.texts[member] : undefined
    if (member === form.body?.member) body = form.body.of(value)
    else if (typeof value === 'string' && value !== '' && name !== undefined) headers[name] = value
    else if (typeof value === 'string' && value !== '' && form.hasVersion && member === 'VersionId') {
      query += `&versionId=${encodeQueryPart(value)}`
    } else if (form.others?.(member, value, headers) !== true) return undefined
  }
  if ((form.body === undefined) !== (body === undefined)) return undefined
  return { method: form.method, path: `/${encodeKeyPath(Key)}`, query, headers, body }
}

function legalHoldOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { Status, ...rest } = value as { readonly Status?: unknown }
  if ((Status !== 'ON' && Status !== 'OFF') || Object.keys(rest).length > 0) return undefined
  return `<?xml version="1.0" encoding="UTF-8"?><LegalHold xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>${Status}</Status></LegalHold>`
}

function copyHeader(member: string, value: unknown, headers: Headers): boolean {
  switch (member) {
    case 'Metadata': {
      if (typeof value !== 'object' || value === null) return false
      for (const [name, text] of Object.entries(value)) {
        if (typeof text !== 'string') return false
        headers[`x-amz-meta-${name.toLowerCase()}`] = text
      }
      return true
    }
    case 'BucketKeyEnabled': {
      if (typeof value !== 'boolean') return false
      headers['x-amz-server-side-encryption-bucket-key-enabled'] = String(value)
      return true
    }
    case 'ObjectLockRetainUntilDate': {
      if (!(value instanceof Date) || Number.isNaN(value.getTime())) return false
      headers['x-amz-object-lock-retain-until-date'] = value.toISOString().replace('.000Z', 'Z')
      return true
    }
    default:
      return false
  }
}

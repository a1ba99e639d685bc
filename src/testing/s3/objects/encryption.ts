import { createHash } from 'node:crypto'
import type { Fields } from '../../http/fields.js'
import { accountId } from '../auth/identity.js'
import { invalidArgument, S3Error } from '../http/errors.js'
import type { HeaderList } from '../http/respond.js'
import type { StoredEncryption } from '../state/object-version.js'
import type { BucketSettings } from '../state/state.js'

const prefix = 'x-amz-server-side-encryption'

/** The key that encrypts where KMS is asked for without naming one. */
export function defaultKmsKey(region: string): string {
  return `arn:aws:kms:${region}:${accountId}:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9`
}

/** S3 answers the full ARN for a bare key id. */
function kmsKeyArn(key: string, region: string): string {
  return /^(mrk-)?[0-9a-f-]{32,36}$/i.test(key) ? `arn:aws:kms:${region}:${accountId}:key/${key}` : key
}

/** How an object must be encrypted: by the headers of its write, otherwise by the default of the bucket. */
export function encryptionFromHeaders(headers: Fields, settings: BucketSettings): StoredEncryption {
  const algorithm = headers.get(prefix)
  const key = headers.get(`${prefix}-aws-kms-key-id`)
  if (algorithm !== null && headers.has(`${prefix}-customer-algorithm`)) {
    throw invalidArgument(
      prefix,
      algorithm,
      'Server Side Encryption with Customer provided key is incompatible with the encryption method specified',
    )
  }
  const customer = customerKey(headers, `${prefix}-customer-`)
  if (customer !== undefined) {
    if (settings.blockedEncryption?.includes('SSE-C')) {
      throw new S3Error('AccessDenied', {
        message: 'Access Denied: the bucket blocks uploads with server-side encryption with customer-provided keys.',
      })
    }
    return customer
  }
  const bucketKey = readBucketKey(headers.get(`${prefix}-bucket-key-enabled`))
  if (algorithm === null) {
    if (key !== null) {
      throw invalidArgument(
        prefix,
        null,
        'Server Side Encryption with KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms',
      )
    }
    return byDefault(settings, bucketKey)
  }
  return managed(algorithm, { key, context: headers.get(`${prefix}-context`), bucketKey }, settings)
}

function byDefault({ encryption, region }: BucketSettings, bucketKey: boolean | undefined): StoredEncryption {
  if (encryption.kmsKeyId === undefined) return { algorithm: encryption.algorithm }
  return {
    ...encryption,
    kmsKeyId: kmsKeyArn(encryption.kmsKeyId, region),
    bucketKey: bucketKey ?? encryption.bucketKey,
  }
}

function readBucketKey(value: string | null): boolean | undefined {
  if (value === null) return undefined
  if (!/^(true|false)$/i.test(value)) throw invalidArgument(`${prefix}-bucket-key-enabled`, value)
  return value.toLowerCase() === 'true'
}

function managed(
  algorithm: string,
  { key, context, bucketKey }: { key: string | null; context: string | null; bucketKey: boolean | undefined },
  settings: BucketSettings,
): StoredEncryption {
  if (algorithm === 'AES256') {
    if (key !== null) {
      throw invalidArgument(
        prefix,
        algorithm,
        'Server Side Encryption with KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms',
      )
    }
    return { algorithm }
  }
  if (algorithm !== 'aws:kms' && algorithm !== 'aws:kms:dsse') {
    throw invalidArgument(prefix, algorithm, 'The encryption method specified is not supported')
  }
  const inherited = settings.encryption.algorithm === algorithm ? settings.encryption : undefined
  return {
    algorithm,
    kmsKeyId: kmsKeyArn(key ?? inherited?.kmsKeyId ?? defaultKmsKey(settings.region), settings.region),
    context: context ?? undefined,
    bucketKey: bucketKey ?? inherited?.bucketKey,
  }
}

/** Reads the three headers of SSE-C and checks the key; undefined if none of them was sent. */
export function customerKey(headers: Fields, namePrefix: string): StoredEncryption | undefined {
  const algorithm = headers.get(`${namePrefix}algorithm`)
  const key = headers.get(`${namePrefix}key`)
  const md5 = headers.get(`${namePrefix}key-md5`)
  if (algorithm === null && key === null && md5 === null) return undefined
  if (algorithm === null) {
    throw invalidArgument(
      prefix,
      null,
      'Requests specifying Server Side Encryption with Customer provided keys must provide a valid encryption algorithm.',
    )
  }
  if (algorithm !== 'AES256') {
    throw new S3Error('InvalidEncryptionAlgorithmError', {
      details: [
        ['ArgumentName', prefix],
        ['ArgumentValue', algorithm],
      ],
    })
  }
  if (key === null || md5 === null) {
    throw invalidArgument(
      prefix,
      null,
      key === null
        ? 'Requests specifying Server Side Encryption with Customer provided keys must provide an appropriate secret key.'
        : 'Requests specifying Server Side Encryption with Customer provided keys must provide the client calculated MD5 of the secret key.',
    )
  }
  const bytes = Buffer.from(key, 'base64')
  // The value of the argument is the caller's key: it is never repeated.
  if (bytes.length !== 32) {
    throw invalidArgument(prefix, undefined, 'The secret key was invalid for the specified algorithm.')
  }
  if (createHash('md5').update(bytes).digest('base64') !== md5) {
    throw invalidArgument(
      prefix,
      undefined,
      'The calculated MD5 hash of the key did not match the hash that was provided.',
    )
  }
  return { algorithm, customerKeyMd5: md5 }
}

/** Refuses to read an object without the key it was written with, or with one that it has no use for. */
export function checkCustomerKey(stored: StoredEncryption, headers: Fields, namePrefix: string): void {
  const given = customerKey(headers, namePrefix)
  if (stored.customerKeyMd5 === undefined) {
    if (given !== undefined) {
      throw new S3Error('InvalidRequest', {
        message: 'The encryption parameters are not applicable to this object.',
      })
    }
    return
  }
  if (given === undefined) {
    throw new S3Error('InvalidRequest', {
      message:
        'The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.',
    })
  }
  if (given.customerKeyMd5 !== stored.customerKeyMd5) {
    throw new S3Error('AccessDenied', {
      message:
        'Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key.',
    })
  }
}

/** Prefix of the headers that carry the key of the object itself. */
export const customerKeyPrefix = `${prefix}-customer-`

/** Prefix of the headers that carry the key of the source of a copy. */
export const sourceCustomerKeyPrefix = 'x-amz-copy-source-server-side-encryption-customer-'

/** Headers that tell how an object is encrypted. They never hold a key. */
export function encryptionHeaders(encryption: StoredEncryption): HeaderList {
  if (encryption.customerKeyMd5 !== undefined) {
    return [
      [`${customerKeyPrefix}algorithm`, encryption.algorithm],
      [`${customerKeyPrefix}key-md5`, encryption.customerKeyMd5],
    ]
  }
  return [
    [prefix, encryption.algorithm],
    [`${prefix}-aws-kms-key-id`, encryption.kmsKeyId],
    [`${prefix}-bucket-key-enabled`, encryption.bucketKey && encryption.kmsKeyId !== undefined ? 'true' : undefined],
  ]
}

/** The ETag is the MD5 of the content only if S3 itself encrypts (API reference, "Object"). */
export function hasPlainEtag(encryption: StoredEncryption): boolean {
  return encryption.algorithm === 'AES256' && encryption.customerKeyMd5 === undefined
}

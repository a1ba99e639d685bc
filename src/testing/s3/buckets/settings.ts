import type { Answer } from '../../http/answer.js'
import type { Call } from '../call.js'
import { invalidArgument, S3Error } from '../http/errors.js'
import { emptyAnswer, xmlAnswer } from '../http/respond.js'
import { child, children, childText, leaf, node, type XmlElement, xmlDocument } from '../http/xml.js'
import { defaultKmsKey } from '../objects/encryption.js'
import { tagSetXml, tagsFromXml } from '../objects/tags.js'
import type { StoredEncryption } from '../state/object-version.js'
import type { BucketSettings, DefaultRetention } from '../state/state.js'
import { changeBucket, digestRequired, settingsFor } from './change.js'

/** Carries out `GetBucketVersioning`. */
export function getBucketVersioning(call: Call): Answer {
  const { versioning } = settingsFor(call, 's3:GetBucketVersioning')
  return xmlAnswer(xmlDocument('VersioningConfiguration', leaf('Status', versioning)))
}

/** Carries out `PutBucketVersioning`. */
export async function putBucketVersioning(call: Call): Promise<Answer> {
  settingsFor(call, 's3:PutBucketVersioning')
  const document = await call.xml('VersioningConfiguration', digestRequired)
  const status = childText(document, 'Status')
  if (status !== 'Enabled' && status !== 'Suspended') {
    throw new S3Error(status === undefined ? 'IllegalVersioningConfigurationException' : 'MalformedXML')
  }
  if (status === 'Suspended' && call.bucket().settings.objectLock) {
    throw new S3Error('InvalidBucketState', {
      message: 'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.',
    })
  }
  changeBucket(call, { versioning: status })
  return emptyAnswer(200)
}

/** Carries out `GetObjectLockConfiguration`. */
export function getObjectLockConfiguration(call: Call): Answer {
  const { objectLock, defaultRetention } = settingsFor(call, 's3:GetBucketObjectLockConfiguration')
  if (!objectLock) {
    throw new S3Error('ObjectLockConfigurationNotFoundError', { details: [['BucketName', call.bucketName]] })
  }
  const rule =
    defaultRetention === undefined
      ? ''
      : node(
          'Rule',
          node(
            'DefaultRetention',
            leaf('Mode', defaultRetention.mode),
            leaf('Days', defaultRetention.days),
            leaf('Years', defaultRetention.years),
          ),
        )
  return xmlAnswer(xmlDocument('ObjectLockConfiguration', leaf('ObjectLockEnabled', 'Enabled'), rule))
}

/** Carries out `PutObjectLockConfiguration`. */
export async function putObjectLockConfiguration(call: Call): Promise<Answer> {
  settingsFor(call, 's3:PutBucketObjectLockConfiguration')
  const document = await call.xml('ObjectLockConfiguration', digestRequired)
  if (childText(document, 'ObjectLockEnabled') !== 'Enabled') throw new S3Error('MalformedXML')
  const rule = child(document, 'Rule')
  const retention = rule && child(rule, 'DefaultRetention')
  if (rule !== undefined && retention === undefined) throw new S3Error('MalformedXML')
  const defaultRetention = retention && readDefaultRetention(retention)
  if (call.bucket().settings.versioning !== 'Enabled') {
    throw new S3Error('InvalidBucketState', {
      message: "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
    })
  }
  changeBucket(call, { objectLock: true, defaultRetention })
  return emptyAnswer(200)
}

function readDefaultRetention(element: XmlElement): DefaultRetention {
  const mode = childText(element, 'Mode')
  const days = childText(element, 'Days')
  const years = childText(element, 'Years')
  if ((mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') || (days === undefined) === (years === undefined)) {
    throw new S3Error('MalformedXML')
  }
  const period = Number(days ?? years)
  if (!Number.isInteger(period)) throw new S3Error('MalformedXML')
  if (period <= 0) {
    throw new S3Error('InvalidArgument', { message: 'Default retention period must be a positive integer value.' })
  }
  if (period > (days === undefined ? 100 : 36_500)) {
    throw new S3Error('InvalidArgument', { message: 'Default retention period too large' })
  }
  return { mode, ...(days === undefined ? { years: period } : { days: period }) }
}

/** Carries out `GetBucketEncryption`. */
export function getBucketEncryption(call: Call): Answer {
  const { encryption, blockedEncryption } = settingsFor(call, 's3:GetEncryptionConfiguration')
  return xmlAnswer(
    xmlDocument(
      'ServerSideEncryptionConfiguration',
      node(
        'Rule',
        node(
          'ApplyServerSideEncryptionByDefault',
          leaf('SSEAlgorithm', encryption.algorithm),
          leaf(
            'KMSMasterKeyID',
            encryption.kmsKeyId === defaultKmsKey(call.bucket().settings.region) ? undefined : encryption.kmsKeyId,
          ),
        ),
        leaf('BucketKeyEnabled', encryption.bucketKey ?? false),
        blockedEncryption === undefined
          ? ''
          : node('BlockedEncryptionTypes', ...blockedEncryption.map((type) => leaf('EncryptionType', type))),
      ),
    ),
  )
}

/** Carries out `PutBucketEncryption`. */
export async function putBucketEncryption(call: Call): Promise<Answer> {
  const settings = settingsFor(call, 's3:PutEncryptionConfiguration')
  const document = await call.xml('ServerSideEncryptionConfiguration', digestRequired)
  const rules = children(document, 'Rule')
  const [rule] = rules
  if (rule === undefined || rules.length > 1) throw new S3Error('MalformedXML')
  const byDefault = child(rule, 'ApplyServerSideEncryptionByDefault')
  const blocked = child(rule, 'BlockedEncryptionTypes')
  const types = blocked && children(blocked, 'EncryptionType').map(({ text }) => text)
  changeBucket(call, {
    encryptionConfigured: true,
    encryption: byDefault === undefined ? settings.encryption : readEncryption(byDefault, rule, settings),
    ...(types === undefined ? {} : { blockedEncryption: types.includes('NONE') ? undefined : types }),
  })
  return emptyAnswer(200)
}

function readEncryption(element: XmlElement, rule: XmlElement, { region }: BucketSettings): StoredEncryption {
  const algorithm = childText(element, 'SSEAlgorithm')
  const key = childText(element, 'KMSMasterKeyID')
  if (algorithm !== 'AES256' && algorithm !== 'aws:kms' && algorithm !== 'aws:kms:dsse')
    throw new S3Error('MalformedXML')
  if (algorithm === 'AES256' && key !== undefined) {
    throw invalidArgument(
      'ApplyServerSideEncryptionByDefault',
      null,
      'a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse',
    )
  }
  const bucketKey = childText(rule, 'BucketKeyEnabled')?.toLowerCase() === 'true'
  if (algorithm === 'AES256') return { algorithm, bucketKey }
  return { algorithm, kmsKeyId: key ?? defaultKmsKey(region), bucketKey }
}

/** A bucket is never without default encryption: deleting it brings back SSE-S3. */
export function deleteBucketEncryption(call: Call): Answer {
  settingsFor(call, 's3:PutEncryptionConfiguration')
  changeBucket(call, { encryption: { algorithm: 'AES256' }, encryptionConfigured: undefined })
  return emptyAnswer(204)
}

/** Carries out `GetBucketOwnershipControls`. */
export function getBucketOwnershipControls(call: Call): Answer {
  const { ownership } = settingsFor(call, 's3:GetBucketOwnershipControls')
  if (ownership === undefined) {
    throw new S3Error('OwnershipControlsNotFoundError', { details: [['BucketName', call.bucketName]] })
  }
  return xmlAnswer(xmlDocument('OwnershipControls', node('Rule', leaf('ObjectOwnership', ownership))))
}

/** Carries out `PutBucketOwnershipControls`. */
export async function putBucketOwnershipControls(call: Call): Promise<Answer> {
  settingsFor(call, 's3:PutBucketOwnershipControls')
  const document = await call.xml('OwnershipControls', digestRequired)
  const [rule, ...more] = children(document, 'Rule')
  const ownership = more.length > 0 ? undefined : rule && childText(rule, 'ObjectOwnership')
  if (ownership !== 'BucketOwnerEnforced' && ownership !== 'BucketOwnerPreferred' && ownership !== 'ObjectWriter') {
    throw new S3Error('MalformedXML')
  }
  if (ownership === 'BucketOwnerEnforced' && call.bucket().settings.acl.length > 1) {
    throw new S3Error('InvalidBucketAclWithObjectOwnership')
  }
  changeBucket(call, { ownership })
  return emptyAnswer(200)
}

/** Carries out `DeleteBucketOwnershipControls`. */
export function deleteBucketOwnershipControls(call: Call): Answer {
  settingsFor(call, 's3:PutBucketOwnershipControls')
  changeBucket(call, { ownership: undefined })
  return emptyAnswer(204)
}

/** Carries out `GetBucketTagging`. */
export function getBucketTagging(call: Call): Answer {
  const { tags } = settingsFor(call, 's3:GetBucketTagging')
  if (tags === undefined) throw new S3Error('NoSuchTagSet', { details: [['BucketName', call.bucketName]] })
  return xmlAnswer(xmlDocument('Tagging', tagSetXml(tags)))
}

/** Carries out `PutBucketTagging`. */
export async function putBucketTagging(call: Call): Promise<Answer> {
  settingsFor(call, 's3:PutBucketTagging')
  const tags = tagsFromXml(await call.xml('Tagging', digestRequired), 'bucket')
  // An empty set is none at all.
  changeBucket(call, { tags: tags.length === 0 ? undefined : tags })
  return emptyAnswer(204)
}

/** Carries out `DeleteBucketTagging`. */
export function deleteBucketTagging(call: Call): Answer {
  settingsFor(call, 's3:PutBucketTagging')
  changeBucket(call, { tags: undefined })
  return emptyAnswer(204)
}

import { aclFromHeaders, aclFromXml, aclXml } from './acl.js'
import type { Call } from './call.js'
import { defaultKmsKey } from './encryption.js'
import { invalidArgument, S3Error } from './errors.js'
import { isPublicPolicy, parsePolicy } from './policy.js'
import { emptyResponse, xmlResponse } from './respond.js'
import type { BucketSettings, DefaultRetention, PublicAccessBlock, StoredEncryption } from './state.js'
import { tagSetXml, tagsFromXml } from './tags.js'
import { child, children, childText, leaf, node, onlyChildren, type XmlElement, xmlDocument } from './xml.js'

function settingsFor(call: Call, action: string): BucketSettings {
  const { settings } = call.bucket()
  call.allow(action)
  return settings
}

function change(call: Call, changes: Partial<BucketSettings>): void {
  call.store.saveBucket({ ...call.bucket().settings, ...changes })
}

const required = { digestRequired: true } as const

export function getBucketVersioning(call: Call): Response {
  const { versioning } = settingsFor(call, 's3:GetBucketVersioning')
  return xmlResponse(xmlDocument('VersioningConfiguration', leaf('Status', versioning)))
}

export async function putBucketVersioning(call: Call): Promise<Response> {
  settingsFor(call, 's3:PutBucketVersioning')
  const document = await call.xml('VersioningConfiguration', required)
  const status = childText(document, 'Status')
  if (status !== 'Enabled' && status !== 'Suspended') {
    throw new S3Error(status === undefined ? 'IllegalVersioningConfigurationException' : 'MalformedXML')
  }
  if (status === 'Suspended' && call.bucket().settings.objectLock) {
    throw new S3Error('InvalidBucketState', {
      message: 'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.',
    })
  }
  change(call, { versioning: status })
  return emptyResponse(200)
}

export function getObjectLockConfiguration(call: Call): Response {
  const { objectLock, defaultRetention } = settingsFor(call, 's3:GetBucketObjectLockConfiguration')
  if (!objectLock) throw new S3Error('ObjectLockConfigurationNotFoundError')
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
  return xmlResponse(xmlDocument('ObjectLockConfiguration', leaf('ObjectLockEnabled', 'Enabled'), rule))
}

export async function putObjectLockConfiguration(call: Call): Promise<Response> {
  settingsFor(call, 's3:PutBucketObjectLockConfiguration')
  const document = await call.xml('ObjectLockConfiguration', required)
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
  change(call, { objectLock: true, defaultRetention })
  return emptyResponse(200)
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

export function getBucketPolicy(call: Call): Response {
  const { policy } = settingsFor(call, 's3:GetBucketPolicy')
  if (policy === undefined) throw new S3Error('NoSuchBucketPolicy', { details: [['BucketName', call.bucketName]] })
  return new Response(policy, {
    headers: { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(policy)) },
  })
}

export async function putBucketPolicy(call: Call): Promise<Response> {
  const { publicAccessBlock } = settingsFor(call, 's3:PutBucketPolicy')
  const text = await call.text({ digestRequired: false })
  if (text === '') throw new S3Error('MissingRequestBodyError')
  if (text.length > 20_480) {
    throw new S3Error('InvalidArgument', {
      message: 'Normalized policy document exceeds the maximum allowed size of 20480 bytes.',
    })
  }
  const policy = parsePolicy(text, call.bucketName)
  if (publicAccessBlock?.blockPublicPolicy === true && isPublicPolicy(policy)) {
    throw new S3Error('AccessDenied', {
      message: `User: ${call.identity.arn} is not authorized to perform: s3:PutBucketPolicy on resource: "arn:aws:s3:::${call.bucketName}" because public policies are blocked by the BlockPublicPolicy block public access setting.`,
    })
  }
  change(call, { policy: text })
  return emptyResponse(204)
}

export function deleteBucketPolicy(call: Call): Response {
  settingsFor(call, 's3:DeleteBucketPolicy')
  change(call, { policy: undefined })
  return emptyResponse(204)
}

export function getBucketPolicyStatus(call: Call): Response {
  const { policy, name } = settingsFor(call, 's3:GetBucketPolicyStatus')
  if (policy === undefined) throw new S3Error('NoSuchBucketPolicy', { details: [['BucketName', name]] })
  const isPublic = isPublicPolicy(parsePolicy(policy, name))
  return xmlResponse(xmlDocument('PolicyStatus', leaf('IsPublic', isPublic)))
}

export function getBucketEncryption(call: Call): Response {
  const { encryption, blockedEncryption } = settingsFor(call, 's3:GetEncryptionConfiguration')
  return xmlResponse(
    xmlDocument(
      'ServerSideEncryptionConfiguration',
      node(
        'Rule',
        node(
          'ApplyServerSideEncryptionByDefault',
          leaf('SSEAlgorithm', encryption.algorithm),
          leaf('KMSMasterKeyID', encryption.kmsKeyId),
        ),
        leaf('BucketKeyEnabled', encryption.bucketKey ?? false),
        blockedEncryption === undefined
          ? ''
          : node('BlockedEncryptionTypes', ...blockedEncryption.map((type) => leaf('EncryptionType', type))),
      ),
    ),
  )
}

export async function putBucketEncryption(call: Call): Promise<Response> {
  const settings = settingsFor(call, 's3:PutEncryptionConfiguration')
  const document = await call.xml('ServerSideEncryptionConfiguration', required)
  const rules = children(document, 'Rule')
  const [rule] = rules
  if (rule === undefined || rules.length > 1) throw new S3Error('MalformedXML')
  const byDefault = child(rule, 'ApplyServerSideEncryptionByDefault')
  const blocked = child(rule, 'BlockedEncryptionTypes')
  const types = blocked && children(blocked, 'EncryptionType').map(({ text }) => text)
  change(call, {
    encryption: byDefault === undefined ? settings.encryption : readEncryption(byDefault, rule, settings),
    ...(types === undefined ? {} : { blockedEncryption: types.includes('NONE') ? undefined : types }),
  })
  return emptyResponse(200)
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
export function deleteBucketEncryption(call: Call): Response {
  settingsFor(call, 's3:PutEncryptionConfiguration')
  change(call, { encryption: { algorithm: 'AES256' } })
  return emptyResponse(204)
}

export function getBucketOwnershipControls(call: Call): Response {
  const { ownership } = settingsFor(call, 's3:GetBucketOwnershipControls')
  if (ownership === undefined) throw new S3Error('OwnershipControlsNotFoundError')
  return xmlResponse(xmlDocument('OwnershipControls', node('Rule', leaf('ObjectOwnership', ownership))))
}

export async function putBucketOwnershipControls(call: Call): Promise<Response> {
  settingsFor(call, 's3:PutBucketOwnershipControls')
  const document = await call.xml('OwnershipControls', required)
  const [rule] = children(document, 'Rule')
  const ownership = rule && childText(rule, 'ObjectOwnership')
  if (ownership !== 'BucketOwnerEnforced' && ownership !== 'BucketOwnerPreferred' && ownership !== 'ObjectWriter') {
    throw new S3Error('MalformedXML')
  }
  if (ownership === 'BucketOwnerEnforced' && call.bucket().settings.acl.length > 1) {
    throw new S3Error('InvalidBucketAclWithObjectOwnership')
  }
  change(call, { ownership })
  return emptyResponse(200)
}

export function deleteBucketOwnershipControls(call: Call): Response {
  settingsFor(call, 's3:PutBucketOwnershipControls')
  change(call, { ownership: undefined })
  return emptyResponse(204)
}

export function getBucketAcl(call: Call): Response {
  return xmlResponse(aclXml(settingsFor(call, 's3:GetBucketAcl').acl))
}

export async function putBucketAcl(call: Call): Promise<Response> {
  const settings = settingsFor(call, 's3:PutBucketAcl')
  const text = await call.text({ digestRequired: false })
  const fromHeaders = aclFromHeaders(call.headers, settings)
  if (fromHeaders !== undefined && text !== '') throw new S3Error('UnexpectedContent')
  if (fromHeaders === undefined && text === '') {
    throw new S3Error('MissingSecurityHeader', { details: [['MissingHeaderName', 'x-amz-acl']] })
  }
  change(call, { acl: fromHeaders ?? aclFromXml(call.parse(text, 'AccessControlPolicy'), settings) })
  return emptyResponse(200)
}

export function getBucketTagging(call: Call): Response {
  const { tags } = settingsFor(call, 's3:GetBucketTagging')
  if (tags === undefined) throw new S3Error('NoSuchTagSet', { details: [['BucketName', call.bucketName]] })
  return xmlResponse(xmlDocument('Tagging', tagSetXml(tags)))
}

export async function putBucketTagging(call: Call): Promise<Response> {
  settingsFor(call, 's3:PutBucketTagging')
  const tags = tagsFromXml(await call.xml('Tagging', required), 50)
  change(call, { tags })
  return emptyResponse(204)
}

export function deleteBucketTagging(call: Call): Response {
  settingsFor(call, 's3:PutBucketTagging')
  change(call, { tags: undefined })
  return emptyResponse(204)
}

const blockElements: readonly (readonly [element: string, field: keyof PublicAccessBlock])[] = [
  ['BlockPublicAcls', 'blockPublicAcls'],
  ['IgnorePublicAcls', 'ignorePublicAcls'],
  ['BlockPublicPolicy', 'blockPublicPolicy'],
  ['RestrictPublicBuckets', 'restrictPublicBuckets'],
]

export function getPublicAccessBlock(call: Call): Response {
  const { publicAccessBlock } = settingsFor(call, 's3:GetBucketPublicAccessBlock')
  if (publicAccessBlock === undefined) {
    throw new S3Error('NoSuchPublicAccessBlockConfiguration', { details: [['BucketName', call.bucketName]] })
  }
  const settings = blockElements.map(([element, field]) => leaf(element, publicAccessBlock[field]))
  return xmlResponse(xmlDocument('PublicAccessBlockConfiguration', ...settings))
}

export async function putPublicAccessBlock(call: Call): Promise<Response> {
  settingsFor(call, 's3:PutBucketPublicAccessBlock')
  const document = await call.xml('PublicAccessBlockConfiguration', required)
  onlyChildren(
    document,
    blockElements.map(([element]) => element),
  )
  const isOn = (element: string) => childText(document, element)?.toLowerCase() === 'true'
  change(call, {
    publicAccessBlock: {
      blockPublicAcls: isOn('BlockPublicAcls'),
      ignorePublicAcls: isOn('IgnorePublicAcls'),
      blockPublicPolicy: isOn('BlockPublicPolicy'),
      restrictPublicBuckets: isOn('RestrictPublicBuckets'),
    },
  })
  return emptyResponse(200)
}

export function deletePublicAccessBlock(call: Call): Response {
  settingsFor(call, 's3:PutBucketPublicAccessBlock')
  change(call, { publicAccessBlock: undefined })
  return emptyResponse(204)
}

import type { Answer } from '../../http/answer.js'
import { aclFromHeaders, aclFromXml, aclXml, namesAcl } from '../access/acl.js'
import { isPublicPolicy, parsePolicy } from '../access/policy.js'
import type { Call } from '../call.js'
import { S3Error } from '../http/errors.js'
import { emptyAnswer, textAnswer, xmlAnswer } from '../http/respond.js'
import { childText, leaf, onlyChildren, xmlDocument } from '../http/xml.js'
import type { PublicAccessBlock } from '../state/state.js'
import { changeBucket, digestRequired, settingsFor } from './change.js'

/** Carries out `GetBucketPolicy`. */
export function getBucketPolicy(call: Call): Answer {
  const { policy } = settingsFor(call, 's3:GetBucketPolicy')
  if (policy === undefined) throw new S3Error('NoSuchBucketPolicy', { details: [['BucketName', call.bucketName]] })
  return textAnswer(200, 'application/json', policy)
}

/** Carries out `PutBucketPolicy`. */
export async function putBucketPolicy(call: Call): Promise<Answer> {
  const { publicAccessBlock } = settingsFor(call, 's3:PutBucketPolicy')
  const text = await call.text({ digestRequired: false })
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
  changeBucket(call, { policy: text })
  return emptyAnswer(204)
}

/** Carries out `DeleteBucketPolicy`. */
export function deleteBucketPolicy(call: Call): Answer {
  settingsFor(call, 's3:DeleteBucketPolicy')
  changeBucket(call, { policy: undefined })
  return emptyAnswer(204)
}

/** Carries out `GetBucketPolicyStatus`. */
export function getBucketPolicyStatus(call: Call): Answer {
  const { policy, name } = settingsFor(call, 's3:GetBucketPolicyStatus')
  if (policy === undefined) throw new S3Error('NoSuchBucketPolicy', { details: [['BucketName', name]] })
  const isPublic = isPublicPolicy(parsePolicy(policy, name))
  return xmlAnswer(xmlDocument('PolicyStatus', leaf('IsPublic', isPublic)))
}

/** Carries out `GetBucketAcl`. */
export function getBucketAcl(call: Call): Answer {
  return xmlAnswer(aclXml(settingsFor(call, 's3:GetBucketAcl').acl))
}

/** Carries out `PutBucketAcl`. */
export async function putBucketAcl(call: Call): Promise<Answer> {
  const settings = settingsFor(call, 's3:PutBucketAcl')
  const text = await call.text({ digestRequired: false })
  if (text !== '' && namesAcl(call.headers)) throw new S3Error('UnexpectedContent')
  const fromHeaders = aclFromHeaders(call.headers, settings)
  if (fromHeaders === undefined && text === '') {
    throw new S3Error('MissingSecurityHeader', { details: [['MissingHeaderName', 'x-amz-acl']] })
  }
  changeBucket(call, { acl: fromHeaders ?? aclFromXml(call.parse(text, 'AccessControlPolicy'), settings) })
  return emptyAnswer(200)
}

const blockElements: readonly (readonly [element: string, field: keyof PublicAccessBlock])[] = [
  ['BlockPublicAcls', 'blockPublicAcls'],
  ['IgnorePublicAcls', 'ignorePublicAcls'],
  ['BlockPublicPolicy', 'blockPublicPolicy'],
  ['RestrictPublicBuckets', 'restrictPublicBuckets'],
]

/** Carries out `GetPublicAccessBlock`. */
export function getPublicAccessBlock(call: Call): Answer {
  const { publicAccessBlock } = settingsFor(call, 's3:GetBucketPublicAccessBlock')
  if (publicAccessBlock === undefined) {
    throw new S3Error('NoSuchPublicAccessBlockConfiguration', { details: [['BucketName', call.bucketName]] })
  }
  const settings = blockElements.map(([element, field]) => leaf(element, publicAccessBlock[field]))
  return xmlAnswer(xmlDocument('PublicAccessBlockConfiguration', ...settings))
}

/** Carries out `PutPublicAccessBlock`. */
export async function putPublicAccessBlock(call: Call): Promise<Answer> {
  settingsFor(call, 's3:PutBucketPublicAccessBlock')
  const document = await call.xml('PublicAccessBlockConfiguration', digestRequired)
  onlyChildren(
    document,
    blockElements.map(([element]) => element),
  )
  const isOn = (element: string) => childText(document, element)?.toLowerCase() === 'true'
  changeBucket(call, {
    publicAccessBlock: {
      blockPublicAcls: isOn('BlockPublicAcls'),
      ignorePublicAcls: isOn('IgnorePublicAcls'),
      blockPublicPolicy: isOn('BlockPublicPolicy'),
      restrictPublicBuckets: isOn('RestrictPublicBuckets'),
    },
  })
  return emptyAnswer(200)
}

/** Carries out `DeletePublicAccessBlock`. */
export function deletePublicAccessBlock(call: Call): Answer {
  settingsFor(call, 's3:PutBucketPublicAccessBlock')
  changeBucket(call, { publicAccessBlock: undefined })
  return emptyAnswer(204)
}

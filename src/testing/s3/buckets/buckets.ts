import type { Answer } from '../../http/answer.js'
import { aclFromHeaders, privateAcl } from '../access/acl.js'
import { accountId, accountOf, ownerId } from '../auth/identity.js'
import type { Call } from '../call.js'
import { invalidArgument, S3Error } from '../http/errors.js'
import { emptyAnswer, ownerXml, xmlAnswer } from '../http/respond.js'
import { isoSeconds } from '../http/time.js'
import { child, childText, leaf, node, xmlDocument } from '../http/xml.js'
import { readMost } from '../listing/listing.js'
import { readTags } from '../objects/tags.js'
import { compareKeys } from '../state/key-index.js'
import type { BucketSettings, ObjectOwnership } from '../state/state.js'
import { s3Regions } from './regions.js'

/** Settings of a new bucket as S3 makes it since April 2023: ACLs off, public access blocked, encrypted. */
export function newBucket(name: string, region: string, nowMs: number): BucketSettings {
  return {
    name,
    region,
    createdMs: nowMs,
    objectLock: false,
    ownership: 'BucketOwnerEnforced',
    encryption: { algorithm: 'AES256' },
    publicAccessBlock: {
      blockPublicAcls: true,
      ignorePublicAcls: true,
      blockPublicPolicy: true,
      restrictPublicBuckets: true,
    },
    acl: privateAcl,
    documents: [],
  }
}

/** User guide, "General purpose bucket naming rules". */
export function checkBucketName(name: string): void {
  const valid =
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
    !name.includes('..') &&
    !/^\d+\.\d+\.\d+\.\d+$/.test(name) &&
    !/^(xn--|sthree-|amzn-s3-demo-)/.test(name) &&
    !/(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/.test(name)
  if (!valid) throw new S3Error('InvalidBucketName', { details: [['BucketName', name]] })
}

/** Carries out `CreateBucket`. */
export async function createBucket(call: Call): Promise<Answer> {
  const name = call.bucketName
  const { headers, simulation, store } = call
  call.allowOnNewBucket('s3:CreateBucket')
  checkBucketName(name)
  const text = await call.text({ digestRequired: false })
  const document = text === '' ? undefined : call.parse(text, 'CreateBucketConfiguration')
  const constraint = document && childText(document, 'LocationConstraint')
  const region = chosenRegion(constraint, simulation.region)
  const ownership = readOwnership(headers.get('x-amz-object-ownership'))
  const objectLock = headers.get('x-amz-bucket-object-lock-enabled')?.toLowerCase() === 'true'
  const tagged = document && child(document, 'Tags')
  const tags = tagged === undefined ? [] : readTags(tagged, 'new bucket')
  const known = store.buckets.get(name)
  if (known !== undefined) {
    // The one region where creating a bucket again succeeds, for old times' sake (API reference, CreateBucket).
    if (accountOf(call.identity.arn) !== accountId) throw new S3Error('BucketAlreadyExists')
    if (known.settings.region === 'us-east-1' && region === 'us-east-1' && tags.length === 0) return created(name)
    throw new S3Error('BucketAlreadyOwnedByYou', { details: [['BucketName', name]] })
  }
  const settings: BucketSettings = {
    ...newBucket(name, region, call.nowMs),
    ownership,
    objectLock,
    location: constraint === 'EU' ? constraint : undefined,
    ...(objectLock ? { versioning: 'Enabled' } : {}),
    ...(tags.length === 0 ? {} : { tags }),
  }
  if (ownership === 'BucketOwnerEnforced' && headers.has('x-amz-acl') && headers.get('x-amz-acl') !== 'private') {
    throw new S3Error('InvalidBucketAclWithObjectOwnership')
  }
  const acl = ownership === 'BucketOwnerEnforced' ? privateAcl : (aclFromHeaders(headers, settings) ?? privateAcl)
  store.saveBucket({ ...settings, acl })
  return created(name)
}

function created(name: string): Answer {
  return emptyAnswer(200, [
    ['location', `/${name}`],
    ['x-amz-bucket-arn', `arn:aws:s3:::${name}`],
  ])
}

/** The endpoint of us-east-1 makes buckets anywhere, every other one only in its own region. */
function chosenRegion(constraint: string | undefined, endpointRegion: string): string {
  const region = constraint === 'EU' ? 'eu-west-1' : constraint
  if (region === undefined || region === '') {
    if (endpointRegion === 'us-east-1') return endpointRegion
    throw new S3Error('IllegalLocationConstraintException')
  }
  // us-east-1 is what a bucket gets without a constraint, and no valid one.
  if (endpointRegion === 'us-east-1' && (!s3Regions.has(region) || region === 'us-east-1')) {
    throw new S3Error('InvalidLocationConstraint', { details: [['LocationConstraint', region]] })
  }
  if (region !== endpointRegion && endpointRegion !== 'us-east-1') {
    throw new S3Error('IllegalLocationConstraintException', {
      message: `The ${region} location constraint is incompatible for the region specific endpoint this request was sent to.`,
    })
  }
  return region
}

/** Reads `x-amz-object-ownership`; without it ACLs are off, as S3 makes buckets since April 2023. */
export function readOwnership(value: string | null): ObjectOwnership {
  const ownership = value ?? 'BucketOwnerEnforced'
  if (ownership !== 'BucketOwnerEnforced' && ownership !== 'BucketOwnerPreferred' && ownership !== 'ObjectWriter') {
    throw invalidArgument('x-amz-object-ownership', undefined, `Invalid x-amz-object-ownership header: ${value}`)
  }
  return ownership
}

/** Carries out `HeadBucket`. */
export function headBucket(call: Call): Answer {
  const { settings } = call.bucket()
  call.allow('s3:ListBucket')
  return emptyAnswer(200, [
    ['x-amz-bucket-region', settings.region],
    ['x-amz-bucket-arn', `arn:aws:s3:::${settings.name}`],
    ['x-amz-access-point-alias', 'false'],
    ['content-type', 'application/xml'],
  ])
}

/** Carries out `DeleteBucket`. */
export function deleteBucket(call: Call): Answer {
  const bucket = call.bucket()
  call.allow('s3:DeleteBucket')
  if (bucket.objects.size > 0) {
    const message =
      bucket.settings.versioning === undefined
        ? 'The bucket you tried to delete is not empty'
        : 'The bucket you tried to delete is not empty. You must delete all versions in the bucket.'
    throw new S3Error('BucketNotEmpty', { message, details: [['BucketName', bucket.settings.name]] })
  }
  call.store.removeBucket(bucket.settings.name)
  return emptyAnswer(204)
}

/** Carries out `ListBuckets`. */
export function listBuckets(call: Call): Answer {
  call.allowWithoutBucket('s3:ListAllMyBuckets')
  const { query } = call.request
  const paged = query.has('max-buckets') || query.has('continuation-token')
  const most = query.has('max-buckets') ? readMostBuckets(query.get('max-buckets') ?? '') : 10_000
  const prefix = query.get('prefix') ?? ''
  const after = Buffer.from(query.get('continuation-token') ?? '', 'base64').toString('utf8')
  const region = query.get('bucket-region')
  if (region !== undefined && !s3Regions.has(region)) {
    throw invalidArgument('bucket-region', undefined, `Argument value ${region} is not a valid AWS Region`)
  }
  const all = [...call.store.buckets.values()]
    .map(({ settings }) => settings)
    .filter((settings) => settings.name.startsWith(prefix) && settings.name > after)
    .filter((settings) => region === undefined || settings.region === region)
    .sort((a, b) => compareKeys(a.name, b.name))
  const page = all.slice(0, most)
  const truncated = paged && all.length > page.length
  return xmlAnswer(
    xmlDocument(
      'ListAllMyBucketsResult',
      ownerXml(ownerId),
      node(
        'Buckets',
        ...page.map((settings) =>
          node(
            'Bucket',
            leaf('Name', settings.name),
            leaf('CreationDate', isoSeconds(settings.createdMs)),
            leaf('BucketRegion', paged || region !== undefined || prefix !== '' ? settings.region : undefined),
            leaf('BucketArn', `arn:aws:s3:::${settings.name}`),
          ),
        ),
      ),
      leaf('ContinuationToken', truncated ? Buffer.from(page.at(-1)?.name ?? '').toString('base64') : undefined),
      leaf('Prefix', prefix === '' ? undefined : prefix),
    ),
  )
}

function readMostBuckets(text: string): number {
  const most = readMost(text, 'max-buckets')
  if (Number(text) < 1 || Number(text) > 10_000) {
    throw invalidArgument('max-buckets', text, 'Argument max-buckets must be an integer between 1 and 10000')
  }
  return Math.max(most, Math.min(Number(text), 10_000))
}

/** Carries out `GetBucketLocation`. */
export function getBucketLocation(call: Call): Answer {
  const { region, location } = call.bucket().settings
  call.allow('s3:GetBucketLocation')
  // us-east-1 answers an empty constraint.
  return xmlAnswer(xmlDocument('LocationConstraint', region === 'us-east-1' ? '' : (location ?? region)))
}

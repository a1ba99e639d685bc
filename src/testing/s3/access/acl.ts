import type { Fields } from '../../http/fields.js'
import { ownerId } from '../auth/identity.js'
import { invalidArgument, S3Error } from '../http/errors.js'
import { ownerXml } from '../http/respond.js'
import { child, children, childText, leaf, node, type XmlElement, xmlDocument } from '../http/xml.js'
import type { StoredGrant } from '../state/object-version.js'
import type { BucketSettings } from '../state/state.js'

const groups = 'http://acs.amazonaws.com/groups/'
const allUsers = `${groups}global/AllUsers`
const authenticatedUsers = `${groups}global/AuthenticatedUsers`
const logDelivery = `${groups}s3/LogDelivery`

const ownerGrant: StoredGrant = { type: 'CanonicalUser', grantee: ownerId, permission: 'FULL_CONTROL' }

/** What an object or bucket has that was put without any ACL. */
export const privateAcl: readonly StoredGrant[] = [ownerGrant]

function group(grantee: string, permission: string): StoredGrant {
  return { type: 'Group', grantee, permission }
}

const canned: ReadonlyMap<string, readonly StoredGrant[]> = new Map([
  ['private', privateAcl],
  ['public-read', [ownerGrant, group(allUsers, 'READ')]],
  ['public-read-write', [ownerGrant, group(allUsers, 'READ'), group(allUsers, 'WRITE')]],
  ['authenticated-read', [ownerGrant, group(authenticatedUsers, 'READ')]],
  ['aws-exec-read', privateAcl],
  // Every object is written by the account that owns the bucket, so these add nothing.
  ['bucket-owner-read', privateAcl],
  ['bucket-owner-full-control', privateAcl],
  ['log-delivery-write', [ownerGrant, group(logDelivery, 'WRITE'), group(logDelivery, 'READ_ACP')]],
])

const grantHeaders: readonly (readonly [header: string, permission: string])[] = [
  ['x-amz-grant-full-control', 'FULL_CONTROL'],
  ['x-amz-grant-read', 'READ'],
  ['x-amz-grant-write', 'WRITE'],
  ['x-amz-grant-read-acp', 'READ_ACP'],
  ['x-amz-grant-write-acp', 'WRITE_ACP'],
]

/** Whether the headers say anything of an ACL. */
export function namesAcl(headers: Fields): boolean {
  return headers.has('x-amz-acl') || grantHeaders.some(([header]) => headers.has(header))
}

/** Reads `x-amz-acl` or the grant headers; undefined if there is none of them. */
export function aclFromHeaders(headers: Fields, settings: BucketSettings): readonly StoredGrant[] | undefined {
  const name = headers.get('x-amz-acl')
  const grants = grantHeaders.flatMap(([header, permission]) => readGrants(header, headers.get(header), permission))
  if (name === null && grants.length === 0) return undefined
  if (name !== null && grants.length > 0) {
    throw new S3Error('InvalidRequest', { message: 'Specifying both Canned ACLs and Header Grants is not allowed' })
  }
  if (name !== null && !canned.has(name)) throw invalidArgument('x-amz-acl', name, '')
  const acl = name === null ? grants : (canned.get(name) ?? privateAcl)
  // User guide, "Controlling ownership of objects": this canned ACL or none.
  if (settings.ownership === 'BucketOwnerEnforced' && name !== 'bucket-owner-full-control') {
    throw new S3Error('AccessControlListNotSupported')
  }
  checkPublic(acl, settings)
  return acl
}

function checkPublic(acl: readonly StoredGrant[], settings: BucketSettings): void {
  const isPublic = acl.some(({ grantee }) => grantee === allUsers || grantee === authenticatedUsers)
  if (isPublic && settings.publicAccessBlock?.blockPublicAcls === true) {
    throw new S3Error('AccessDenied', {
      message: 'Access Denied: public access control lists (ACLs) are blocked by the BlockPublicAcls setting.',
    })
  }
}

function readGrants(header: string, value: string | null, permission: string): StoredGrant[] {
  if (value === null) return []
  return value.split(',').map((part) => {
    const equals = part.indexOf('=')
    const name = part.slice(0, Math.max(0, equals)).trim()
    const grantee = unquoted(part.slice(equals + 1).trim())
    if (!/^(id|uri|emailAddress)$/i.test(name) || grantee === undefined) {
      throw invalidArgument(header, value, 'Argument format not recognized')
    }
    return grant(name.toLowerCase(), { name, grantee }, permission)
  })
}

/** A value without the quotes around it; `undefined` if there are others in it. */
function unquoted(value: string): string | undefined {
  const inner = value.slice(value.startsWith('"') ? 1 : 0, value.length > 1 && value.endsWith('"') ? -1 : undefined)
  return inner.includes('"') ? undefined : inner
}

function grant(kind: string, given: { name: string; grantee: string }, permission: string): StoredGrant {
  const { name, grantee } = given
  if (kind === 'uri') {
    if (![allUsers, authenticatedUsers, logDelivery].includes(grantee)) {
      throw invalidArgument(name, grantee, 'Invalid group uri')
    }
    return group(grantee, permission)
  }
  if (kind === 'id') {
    if (!/^[0-9a-f]{64}$/.test(grantee)) throw invalidArgument(name, grantee, 'Invalid id')
    return { type: 'CanonicalUser', grantee, permission }
  }
  return { type: 'AmazonCustomerByEmail', grantee, permission }
}

/** Reads an `AccessControlPolicy` document. */
export function aclFromXml(document: XmlElement, settings: BucketSettings): readonly StoredGrant[] {
  const list = child(document, 'AccessControlList')
  if (list === undefined || child(document, 'Owner') === undefined) throw new S3Error('MalformedACLError')
  const acl = children(list, 'Grant').map(readGrant)
  if (settings.ownership === 'BucketOwnerEnforced' && !isOwnerOnly(acl)) {
    throw new S3Error('AccessControlListNotSupported')
  }
  checkPublic(acl, settings)
  return acl
}

function isOwnerOnly(acl: readonly StoredGrant[]): boolean {
  return acl.length === 1 && acl[0]?.grantee === ownerId && acl[0].permission === 'FULL_CONTROL'
}

function readGrant(element: XmlElement): StoredGrant {
  const grantee = child(element, 'Grantee')
  const permission = childText(element, 'Permission')
  if (grantee === undefined || !grantHeaders.some(([, known]) => known === permission)) {
    throw new S3Error('MalformedACLError')
  }
  for (const [element, kind, name] of [
    ['ID', 'id', 'CanonicalUser/ID'],
    ['URI', 'uri', 'Group/URI'],
    ['EmailAddress', 'email', 'EmailAddress'],
  ] as const) {
    const text = childText(grantee, element)
    if (text !== undefined) return grant(kind, { name, grantee: text }, permission ?? '')
  }
  throw new S3Error('MalformedACLError')
}

/** Writes an `AccessControlPolicy` document. */
export function aclXml(acl: readonly StoredGrant[]): string {
  return xmlDocument(
    'AccessControlPolicy',
    ownerXml(ownerId),
    node(
      'AccessControlList',
      ...acl.map(({ type, grantee, permission }) =>
        node('Grant', granteeXml(type, grantee), leaf('Permission', permission)),
      ),
    ),
  )
}

/** A grantee tells its kind by an attribute of the schema-instance namespace. */
export function granteeXml(type: StoredGrant['type'], grantee: string): string {
  const name = type === 'Group' ? 'URI' : type === 'CanonicalUser' ? 'ID' : 'EmailAddress'
  const open = `Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="${type}"`
  return `<${open}>${leaf(name, grantee)}</Grantee>`
}

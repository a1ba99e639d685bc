import type { Answer } from '../../http/answer.js'
import type { Call } from '../call.js'
import { checksumElement } from '../content/checksums.js'
import { invalidArgument } from '../http/errors.js'
import { xmlAnswer } from '../http/respond.js'
import { httpDate } from '../http/time.js'
import { leaf, node, xmlDocument } from '../http/xml.js'
import { readMost } from '../listing/listing.js'
import type { ObjectVersion } from '../state/object-version.js'
import { checkReadConditions } from './conditions.js'
import { checkCustomerKey, customerKeyPrefix } from './encryption.js'
import { findVersion, versionHeader } from './versions.js'

const names = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize']

/** Carries out `GetObjectAttributes`. */
export function getObjectAttributes(call: Call): Answer {
  const bucket = call.bucket()
  const versionId = call.requestedVersion
  call.allow(versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion')
  call.allow(versionId === undefined ? 's3:GetObjectAttributes' : 's3:GetObjectVersionAttributes')
  const wanted = readWanted(call)
  const version = findVersion(call, { bucket, key: call.key, versionId })
  checkCustomerKey(version.encryption, call.headers, customerKeyPrefix)
  checkReadConditions(call, version)
  const { checksum } = version
  return xmlAnswer(
    xmlDocument(
      'GetObjectAttributesResponse',
      // Without quotes here, unlike everywhere else.
      wanted.has('ETag') ? leaf('ETag', version.etag) : '',
      wanted.has('Checksum') && checksum !== undefined
        ? node(
            'Checksum',
            // The number of parts that a composite checksum ends in elsewhere is left off.
            leaf(checksumElement(checksum.algorithm), checksum.value.replace(/-\d+$/, '')),
            leaf('ChecksumType', checksum.type),
          )
        : '',
      wanted.has('ObjectParts') ? partsXml(call, version) : '',
      wanted.has('StorageClass') ? leaf('StorageClass', version.storageClass) : '',
      wanted.has('ObjectSize') ? leaf('ObjectSize', version.body.sizeBytes) : '',
    ),
    [
      ['last-modified', httpDate(version.lastModifiedMs)],
      ['x-amz-version-id', versionHeader(bucket, version)],
    ],
  )
}

function readWanted(call: Call): ReadonlySet<string> {
  const value = call.header('x-amz-object-attributes') ?? ''
  const wanted = value
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  if (wanted.length === 0 || wanted.some((name) => !names.includes(name))) {
    throw invalidArgument('x-amz-object-attributes', value, 'Invalid attribute name specified.')
  }
  return new Set(wanted)
}

/** Parts are listed one by one only if they have checksums (API reference, GetObjectAttributes). */
function partsXml(call: Call, version: ObjectVersion): string {
  const { parts, checksum } = version
  if (parts === undefined) return ''
  if (checksum?.type !== 'COMPOSITE') return node('ObjectParts', leaf('PartsCount', parts.length))
  const most = readMost(call.header('x-amz-max-parts'), 'max-parts')
  const marker = Number(call.header('x-amz-part-number-marker') ?? 0)
  const rest = parts.filter(({ number }) => number > marker)
  const page = rest.slice(0, most)
  return node(
    'ObjectParts',
    leaf('PartsCount', parts.length),
    leaf('PartNumberMarker', marker),
    leaf('NextPartNumberMarker', page.at(-1)?.number ?? 0),
    leaf('MaxParts', most),
    leaf('IsTruncated', rest.length > page.length),
    ...page.map((part) =>
      node(
        'Part',
        leaf('PartNumber', part.number),
        leaf('Size', part.sizeBytes),
        leaf(checksumElement(checksum.algorithm), part.checksum),
      ),
    ),
  )
}

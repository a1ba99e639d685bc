import type { Answer } from '../../http/answer.js'
import { ownerId } from '../auth/identity.js'
import type { Call } from '../call.js'
import { checksumElement } from '../content/checksums.js'
import { invalidArgument } from '../http/errors.js'
import { longXmlAnswer, ownerXml } from '../http/respond.js'
import { isoSeconds } from '../http/time.js'
import { encodeListed } from '../http/uri.js'
import { leaf, type Markup, node, xmlPieces } from '../http/xml.js'
import { commonPrefixesXml, encodedLeaf, listingParameters, listPage, readMost } from '../listing/listing.js'
import { compareKeys, OrderedKeys } from '../state/key-index.js'
import type { MultipartUpload } from '../state/state.js'
import { findUpload, partAlgorithm } from './parts.js'

/** Carries out `ListParts`. */
export function listParts(call: Call): Answer {
  call.allow('s3:ListMultipartUploadParts')
  const upload = findUpload(call)
  const { query } = call.request
  const most = readMost(query.get('max-parts'), 'max-parts')
  const markerText = query.get('part-number-marker') || '0'
  if (!/^\d+$/.test(markerText)) {
    throw invalidArgument(
      'part-number-marker',
      markerText,
      'Provided part-number-marker not an integer or within integer range',
    )
  }
  const marker = Number(markerText)
  const rest = [...upload.parts.values()].filter(({ number }) => number > marker).sort((a, b) => a.number - b.number)
  const page = rest.slice(0, most)
  const encoded = query.get('encoding-type') === 'url'
  return longXmlAnswer(
    xmlPieces(
      'ListPartsResult',
      leaf('Bucket', call.bucketName),
      leaf('Key', encoded ? encodeListed(upload.key) : upload.key),
      leaf('UploadId', upload.uploadId),
      node('Initiator', leaf('ID', call.identity.arn)),
      ownerXml(ownerId),
      leaf('StorageClass', upload.properties.storageClass),
      leaf('PartNumberMarker', marker),
      leaf('NextPartNumberMarker', page.at(-1)?.number ?? 0),
      leaf('MaxParts', most),
      leaf('IsTruncated', most > 0 && rest.length > page.length),
      leaf('ChecksumAlgorithm', upload.checksumAlgorithm),
      leaf('ChecksumType', upload.checksumType),
      ...page.map((part) =>
        node(
          'Part',
          leaf('PartNumber', part.number),
          leaf('LastModified', isoSeconds(part.lastModifiedMs)),
          leaf('ETag', `"${part.etag}"`),
          leaf('Size', part.sizeBytes),
          upload.checksumAlgorithm === undefined ? '' : leaf(checksumElement(partAlgorithm(upload)), part.checksum),
        ),
      ),
    ),
  )
}

/** Carries out `ListMultipartUploads`. */
export function listMultipartUploads(call: Call): Answer {
  const bucket = call.bucket()
  call.allow('s3:ListBucketMultipartUploads')
  const parameters = listingParameters(call, 'max-uploads')
  const { query } = call.request
  const keyMarker = query.get('key-marker') ?? ''
  // Without a key marker it is ignored (API reference, ListMultipartUploads).
  const idMarker = keyMarker === '' ? undefined : query.get('upload-id-marker') || undefined
  const { ordered, uploads } = byKey(bucket.uploads.values())
  const marked = idMarker === undefined ? undefined : bucket.uploads.get(idMarker)
  if (marked !== undefined && marked.key !== keyMarker) {
    throw invalidArgument('upload-id-marker', idMarker, 'Invalid uploadId marker')
  }
  const start = { after: keyMarker, inclusive: idMarker !== undefined }
  const page = listPage(ordered, parameters, start, (key) => {
    const all = uploads.get(key) ?? []
    return key === keyMarker && idMarker !== undefined ? uploadsAfter(all, idMarker) : all
  })
  const { encode, prefix, delimiter, most, encoding } = parameters
  // The last upload on the page, also if it is the last of all; none if the page ends in a common prefix.
  const last = page.last !== undefined && 'key' in page.last ? page.last : undefined
  return longXmlAnswer(
    xmlPieces(
      'ListMultipartUploadsResult',
      leaf('Bucket', bucket.settings.name),
      encodedLeaf('KeyMarker', encode(keyMarker)),
      leaf('UploadIdMarker', idMarker ?? ''),
      encodedLeaf('NextKeyMarker', encode(last?.key ?? '')),
      encodedLeaf('Prefix', encode(prefix)),
      encodedLeaf('Delimiter', delimiter === '' ? undefined : encode(delimiter)),
      leaf('NextUploadIdMarker', last?.entry.uploadId ?? ''),
      leaf('MaxUploads', most),
      leaf('EncodingType', encoding),
      leaf('IsTruncated', page.truncated),
      ...page.entries.map(({ entry }) => uploadXml(call, entry, encode)),
      commonPrefixesXml(page.commonPrefixes, encode),
    ),
  )
}

/** Uploads in the order they are listed: by key, then by the time they began. */
function byKey(all: Iterable<MultipartUpload>): {
  ordered: OrderedKeys
  uploads: ReadonlyMap<string, MultipartUpload[]>
} {
  const uploads = new Map<string, MultipartUpload[]>()
  for (const upload of [...all].sort((a, b) => a.sequence - b.sequence)) {
    const list = uploads.get(upload.key)
    if (list === undefined) uploads.set(upload.key, [upload])
    else list.push(upload)
  }
  return { ordered: new OrderedKeys([...uploads.keys()].sort(compareKeys)), uploads }
}

function uploadsAfter(uploads: readonly MultipartUpload[], marker: string): readonly MultipartUpload[] {
  return uploads.slice(uploads.findIndex(({ uploadId }) => uploadId === marker) + 1)
}

function uploadXml(call: Call, upload: MultipartUpload, encode: (text: string) => Markup): string {
  return node(
    'Upload',
    encodedLeaf('Key', encode(upload.key)),
    leaf('UploadId', upload.uploadId),
    node('Initiator', leaf('ID', call.identity.arn)),
    ownerXml(ownerId),
    leaf('StorageClass', upload.properties.storageClass),
    leaf('Initiated', isoSeconds(upload.initiatedMs)),
    leaf('ChecksumAlgorithm', upload.checksumAlgorithm),
    leaf('ChecksumType', upload.checksumType),
  )
}

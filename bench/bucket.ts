import { createHash } from 'node:crypto'

/*
 * A bucket of any size that is made of arithmetic: object `at` of so many has a key in the layout that Genesys writes,
 * and keys are in order, so that a listing is a search and not a store.
 */

/** Objects in one hour folder: a recording and its sidecar, 5,000 times. */
export const objectsPerHour = 10_000

export const organizationId = 'a1d4f7c2-5b3e-4e89-8c6a-2f9e0b7d4a03'
export const bucketName = 'bench-recordings'

const firstHour = Date.UTC(2023, 0, 1)

/** Folder of an hour, the last one kept: keys are asked for in order. */
let folder = { hour: -1, prefix: '' }

/** Folder of an hour, as Genesys names it. */
export function folderOf(hour: number): string {
  if (folder.hour !== hour) {
    const start = new Date(firstHour + hour * 3_600_000)
    const [year, month, day] = [start.getUTCFullYear(), two(start.getUTCMonth() + 1), two(start.getUTCDate())]
    const prefix = `${organizationId}/year=${year}/month=${month}/day=${day}/hour=${two(start.getUTCHours())}`
    folder = { hour, prefix }
  }
  return folder.prefix
}

/** Key of one object. */
export function keyAt(at: number): string {
  const conversation = Math.floor((at % objectsPerHour) / 2)
  const id = hex(conversation)
  const file = at % 2 === 0 ? '.json' : '_metadata.json'
  // '.' sorts before '_'.
  return `${folderOf(Math.floor(at / objectsPerHour))}/conversation_id=${id}-5b3e-4e89-8c6a-2f9e0b7d4a03/${id}-9c6a-4b5d-8e7f-0a1b2c3d4e5f${file}`
}

/** Start of the hour of an object, ISO 8601. */
export function hourAt(at: number): string {
  return new Date(firstHour + Math.floor(at / objectsPerHour) * 3_600_000).toISOString()
}

function two(part: number): string {
  return part < 10 ? `0${part}` : String(part)
}

function hex(number: number): string {
  return number.toString(16).padStart(8, '0')
}

/** First object whose key is not less than a text; `count` if there is none. */
function lowerBound(count: number, text: string): number {
  let [low, high] = [0, count]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (keyAt(middle) < text) low = middle + 1
    else high = middle
  }
  return low
}

const after = (prefix: string) => `${prefix}\uffff`

/** The answer to ListObjectsV2. The token names the next object. */
export function listingOf(count: number, query: URLSearchParams): string {
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const most = Math.min(1000, Number(query.get('max-keys') ?? 1000))
  const token = query.get('continuation-token')
  const startAfter = query.get('start-after')
  const end = lowerBound(count, after(prefix))
  let at = token === null ? lowerBound(count, prefix) : Number(token.slice(1))
  if (token === null && startAfter !== null) at = Math.max(at, lowerBound(count, `${startAfter}\0`))
  const entries: string[] = []
  const folders: string[] = []
  while (at < end && entries.length + folders.length < most) {
    const key = keyAt(at)
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
    if (cut >= 0) {
      const folder = key.slice(0, cut + delimiter.length)
      folders.push(`<CommonPrefixes><Prefix>${encode(folder)}</Prefix></CommonPrefixes>`)
      at = lowerBound(count, after(folder))
    } else {
      entries.push(
        `<Contents><Key>${encode(key)}</Key><LastModified>2023-10-20T12:00:00.000Z</LastModified><ETag>&quot;${etag}&quot;</ETag><Size>512</Size><StorageClass>STANDARD</StorageClass></Contents>`,
      )
      at += 1
    }
  }
  const next = at < end ? `<NextContinuationToken>t${at}</NextContinuationToken>` : ''
  return `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${bucketName}</Name><Prefix>${encode(prefix)}</Prefix>${next}<KeyCount>${entries.length + folders.length}</KeyCount><MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType><IsTruncated>${at < end}</IsTruncated>${entries.join('')}${folders.join('')}</ListBucketResult>`
}

// As S3 encodes for `encoding-type=url`.
function encode(text: string): string {
  return text.replaceAll('=', '%3D')
}

const etag = '9b2cf535f27731c974343645a3985328'

/** The version of an object: none is that of another one. */
export function versionIdOf(key: string): string {
  return createHash('sha1').update(key).digest('base64url')
}

/** The key in a path. */
export function keyOf(path: string): string {
  return decodeURIComponent(path.slice(bucketName.length + 2))
}

/** Headers of every object, as S3 sends them, but for the ids of request and version. */
export const headHeaders: Readonly<Record<string, string>> = {
  'x-amz-id-2': 'eftixk72aD6Ap51TnqcoF8eFidJG9Z/2mkiDFu8yU9AS1ed4OpIszj7UDNEHGran',
  'Last-Modified': 'Fri, 20 Oct 2023 12:00:00 GMT',
  ETag: `"${etag}"`,
  'x-amz-server-side-encryption': 'AES256',
  'x-amz-checksum-crc64nvme': 'ZqCCpJXBxRk=',
  'x-amz-checksum-type': 'FULL_OBJECT',
  'x-amz-meta-legal-hold-tag': 'discovery-batch-2023-10',
  'Accept-Ranges': 'bytes',
  'Content-Type': 'application/json',
}

/** Size of every object, as the listing and HEAD say. */
export const objectBytes = 512

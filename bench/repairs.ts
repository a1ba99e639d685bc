import type { IncomingMessage, ServerResponse } from 'node:http'
import { bucketName, headHeaders, keyOf, versionIdOf } from './bucket.ts'

/*
 * What S3 answers while objects are repaired. Nothing is remembered but tags: everything else looks already as it will
 * look afterwards.
 */

const xmlns = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
const etag = headHeaders.ETag
const otherTags = `<Tagging ${xmlns}><TagSet><Tag><Key>department</Key><Value>claims</Value></Tag></TagSet></Tagging>`

const ownerEnforced = `<OwnershipControls ${xmlns}><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>`

/** Tags of an object, as they were put. */
const tags = new Map<string, string>()

export function answerRepair(
  request: IncomingMessage,
  { query, requestId }: { readonly query: URLSearchParams; readonly requestId: string },
  response: ServerResponse,
): void {
  const path = (request.url ?? '/').split('?')[0] ?? '/'
  const answer = (xml = '', status = 200, headers: Record<string, string> = {}) =>
    response
      .writeHead(status, { 'x-amz-request-id': requestId, 'Content-Type': 'application/xml', ...headers })
      .end(xml)
  if (request.method === 'PUT') {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (query.has('tagging')) tags.set(path, String(Buffer.concat(chunks)))
      if (request.headers['x-amz-copy-source'] === undefined) answer()
      else
        answer(
          `<CopyObjectResult ${xmlns}><LastModified>2023-10-20T12:00:00.000Z</LastModified><ETag>${etag}</ETag></CopyObjectResult>`,
          200,
          { 'x-amz-version-id': versionIdOf(keyOf(path)) },
        )
    })
    return
  }
  if (query.has('tagging')) answer(tags.get(path) ?? otherTags)
  else if (query.has('legal-hold')) answer(`<LegalHold ${xmlns}><Status>ON</Status></LegalHold>`)
  else if (query.has('versions')) answer(versionsOf(query.get('prefix') ?? ''))
  else if (query.has('ownershipControls')) answer(ownerEnforced)
  else if (query.has('object-lock')) {
    const code = 'ObjectLockConfigurationNotFoundError'
    answer(`<Error><Code>${code}</Code><Message>There is none.</Message></Error>`, 404)
  } else answer('<Error><Code>NotImplemented</Code><Message>Not in this bench.</Message></Error>', 501)
}

/** The version beneath the one that was just written. */
function versionsOf(key: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<ListVersionsResult ${xmlns}><Name>${bucketName}</Name><Prefix>${encodeURIComponent(key)}</Prefix><MaxKeys>1</MaxKeys><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated><Version><Key>${encodeURIComponent(key)}</Key><VersionId>${versionIdOf(key)}</VersionId><IsLatest>false</IsLatest><LastModified>2023-10-20T12:00:00.000Z</LastModified><ETag>${etag}</ETag><Size>512</Size><StorageClass>STANDARD</StorageClass></Version></ListVersionsResult>`
}

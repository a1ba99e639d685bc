/*
 * Answers whose absence of content means something: no tags, no hold, no retention, no grants. The SDK makes the same of
 * any other XML, of an empty body and of one that was cut off, and a repair would then write that back.
 */

/** The root element of each such answer. */
export const rootsOfReads = {
  GetObjectTagging: 'Tagging',
  GetObjectAcl: 'AccessControlPolicy',
  GetObjectLegalHold: 'LegalHold',
  GetObjectRetention: 'Retention',
} as const

/** The root element of each answer that is a document and changes nothing. */
const rootsOfAnswers: Readonly<Record<string, string>> = {
  ...rootsOfReads,
  GetBucketVersioning: 'VersioningConfiguration',
  GetObjectLockConfiguration: 'ObjectLockConfiguration',
  GetBucketEncryption: 'ServerSideEncryptionConfiguration',
  GetBucketOwnershipControls: 'OwnershipControls',
  GetBucketLifecycleConfiguration: 'LifecycleConfiguration',
  ListObjectsV2: 'ListBucketResult',
  ListObjectVersions: 'ListVersionsResult',
  ListMultipartUploads: 'ListMultipartUploadsResult',
}

interface Response {
  readonly statusCode?: number
  body?: unknown
}

/**
 * Reads the body of such an answer and leaves it to the SDK as bytes.
 *
 * @returns what the answer is instead, in words; `undefined` where it is what it should be, or none of this kind
 */
export async function foreignBody(operation: string, response: Response | undefined): Promise<string | undefined> {
  const root = rootsOfAnswers[operation]
  if (root === undefined || response === undefined || response.statusCode !== 200) return undefined
  const bytes = await bytesOf(response.body)
  if (bytes === undefined) return undefined
  response.body = bytes
  const text = new TextDecoder().decode(bytes).trim()
  if (text === '') return 'an empty body'
  const opened = /^(?:<\?[^>]*\?>\s*)*<(?:[\w.-]+:)?([\w.-]+)[^>]*>/.exec(text)
  if (opened?.[1] !== root) return opened === null ? 'something other than XML' : `<${opened[1]}>`
  const closed = opened[0].endsWith('/>') ? text.endsWith(opened[0]) : closes(text, root)
  return closed ? undefined : `a <${root}> that was cut off`
}

/** Whether a document ends with the end of its root. */
export function closes(text: string, root: string): boolean {
  const end = /<\/(?:[\w.-]+:)?([\w.-]+)\s*>$/.exec(text)
  return end?.[1] === root
}

async function bytesOf(body: unknown): Promise<Uint8Array | undefined> {
  if (body instanceof Uint8Array) return body
  if (body === undefined || body === null) return new Uint8Array(0)
  if (!(Symbol.asyncIterator in Object(body))) return undefined
  const chunks: Uint8Array[] = []
  for await (const chunk of body as AsyncIterable<Uint8Array | string>) {
    chunks.push(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk)
  }
  return Buffer.concat(chunks)
}

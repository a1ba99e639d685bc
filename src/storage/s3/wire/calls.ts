import { isDeepStrictEqual } from 'node:util'
import { crc32 } from 'node:zlib'
import type * as S3 from '@aws-sdk/client-s3'
import { withoutEnd } from '../../../internal/text/edges.js'
import type { ResolvedClient } from '../client/eligible.js'
import { md5Of, type SmithyCommand } from '../client/middleware.js'
import { closes, isXmlBlank } from '../protocol/answer-root.js'
import { type FastOperation, factsOf } from '../protocol/operation-table.js'
import type { S3Output } from '../protocol/operations.js'
import { withNamedVersion } from '../protocol/version-id.js'
import { awkward, canonicalQuery, capture, sendable } from './capture.js'
import { headersOf } from './headers.js'
import type { FastSession, RenderedCall } from './session.js'
import type { WireAnswer } from './transport.js'
import { readUsual } from './usual/answers.js'
import { renderUsual, usualProbes } from './usual/requests.js'

/*
 * The other requests of a repair, past the SDK's middleware, which costs some five times as much as all else. What a
 * request looks like and what its answer means is still the SDK's: its own schemas and protocol render and read them.
 */

export type { FastOperation } from '../protocol/operation-table.js'

/** An operation of the SDK: `[kind, namespace, name, traits, input, output]`. */
type Schema = readonly [unknown, string, string, object, unknown, unknown]

/** The parts of the SDK's protocol that are used; older versions have none. */
interface Protocol {
  serializeRequest(operation: object, input: object, context: object): Promise<SerializedRequest>
  deserializeResponse(operation: object, context: object, response: object): Promise<object>
}

interface SerializedRequest {
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** A call that is not complete yet: what must go with its body is still to be added to its headers. */
type Rendering = RenderedCall & { readonly headers: Record<string, string> }

/** What an answer to a call says. */
type CallAnswer<K extends FastOperation> =
  | { readonly output: S3Output<K>; readonly headers: Readonly<Record<string, string>>; readonly error?: undefined }
  | { readonly error: object; readonly output?: undefined; readonly headers?: undefined }

/** An answer that the schemas are to read. */
interface AnswerToRead {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** Whether it says that something is not there. */
  readonly isAbsence: boolean
}

/** The answer to who asks for a lock that is not there. */
export interface NoLock {
  readonly Key: string | undefined
  readonly Resource: string | undefined
}

/** Input of a call, complete except for what the SDK adds by itself. */
export type CallInput = Readonly<Record<string, unknown>>

const token = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/

/** The SDK adds the MD5 of a customer's key; a checksum is asked for by those that it is required of. */
const leftToTheSdk = ['SSECustomerKey', 'CopySourceSSECustomerKey', 'ContentMD5'] as const

/** Renders calls and reads their answers as one client of the SDK does. */
export class CallCodec {
  readonly #sdk: typeof S3
  readonly #protocol: Protocol
  /** The client's configuration: a copy of it for each call costs as much as half of its rendering. */
  readonly #context: object
  /** What an operation is to the protocol. */
  readonly #operations = new Map<FastOperation, object | undefined>()
  /** Operations whose requests are rendered without the schemas. */
  readonly #usual = new Set<FastOperation>()

  private constructor(sdk: typeof S3, client: ResolvedClient, protocol: Protocol) {
    this.#sdk = sdk
    this.#protocol = protocol
    this.#context = { ...client.config, endpoint: nowhere }
  }

  /**
   * `undefined` if the SDK has no such protocol, or makes anything else of one of the probes than is made of it here.
   * Rejects if the client cannot sign.
   */
  static async open(
    sdk: typeof S3,
    client: ResolvedClient,
    session: FastSession,
    bucket: string,
  ): Promise<CallCodec | undefined> {
    const { protocol } = client.config as { readonly protocol?: Protocol }
    if (typeof protocol?.serializeRequest !== 'function' || typeof protocol.deserializeResponse !== 'function') {
      return undefined
    }
    const codec = new CallCodec(sdk, client, protocol)
    await codec.#learnUsual(bucket)
    for (const [operation, probe] of Object.entries(probes) as [FastOperation, CallInput][]) {
      const input = { Bucket: bucket, ...probe }
      // Versions that take anything else than is given here do not agree with themselves tomorrow either.
      const call = await codec.render(operation, input, undefined)
      const captured = await capture(client, commandOf(sdk, operation, input))
      if (call === undefined || captured === undefined || !session.isSame(captured, call)) return undefined
    }
    return codec
  }

  /**
   * `undefined` for what only the SDK can send, or refuse in its words.
   *
   * @param withMd5 a body comes with its MD5, and not with the CRC32 that the SDK would give it
   */
  render(
    operation: FastOperation,
    input: CallInput,
    rawHeaders: Readonly<Record<string, string>> | undefined,
    withMd5 = false,
  ): RenderedCall | undefined | Promise<RenderedCall | undefined> {
    const schema = this.#operationOf(operation)
    if (schema === undefined || leftToTheSdk.some((name) => input[name] !== undefined)) return undefined
    // What S3 answers without a document is what comes with one of its own.
    const { mutates, root } = factsOf(operation)
    const isChecked = mutates && root === undefined
    if (isChecked && (input.ChecksumAlgorithm ?? 'CRC32') !== 'CRC32') return undefined
    const isToBeNamed = isChecked && !withMd5 && input.ChecksumAlgorithm === undefined
    // In front of what is spread (docs/decisions.md, speed); no input has the member without a value.
    const whole = isToBeNamed ? { ChecksumAlgorithm: 'CRC32', ...input } : input
    const complete = (request: Rendering | undefined) => completed(request, { isChecked, withMd5, rawHeaders })
    try {
      const usual = this.#usual.has(operation) ? renderUsual(operation, whole) : undefined
      if (usual !== undefined) return complete(usual)
    } catch {
      // A key with a lone surrogate has no form on the wire.
      return undefined
    }
    return this.#renderBySchema(schema, whole)
      .then(complete)
      .catch(() => undefined)
  }

  async #renderBySchema(schema: object, input: CallInput): Promise<Rendering | undefined> {
    const { method, path, query, headers, body } = await this.#protocol.serializeRequest(schema, input, this.#context)
    if ((method !== 'GET' && method !== 'PUT') || !(body === undefined || typeof body === 'string')) return undefined
    return { method, path, query: canonicalQuery(query), headers: { ...headers }, body }
  }

  /** Operations of which the schemas make nothing else than is made of them here are rendered here from now on. */
  async #learnUsual(bucket: string): Promise<void> {
    for (const [operation, probe] of Object.entries(usualProbes) as [FastOperation, CallInput][]) {
      const schema = this.#operationOf(operation)
      if (schema === undefined) continue
      const input = { Bucket: bucket, Key: awkward.Key, ...probe }
      const bySchema = await this.#renderBySchema(schema, input).catch(() => undefined)
      if (isDeepStrictEqual(bySchema, renderUsual(operation, input))) this.#usual.add(operation)
    }
  }

  /**
   * What an answer says. `undefined` if it is not plainly what S3 sends: the SDK then interprets it. A 404 with a
   * document becomes an error in the form of the SDK. That is how S3 says that an object has no hold and no
   * retention, several times for each object that is repaired.
   */
  read<K extends FastOperation>(
    operation: K,
    answer: WireAnswer,
  ): CallAnswer<K> | undefined | Promise<CallAnswer<K> | undefined> {
    const { status } = answer
    const [only] = answer.body
    const body = only !== undefined && answer.body.length === 1 ? only : Buffer.concat(answer.body)
    const schema = this.#operationOf(operation)
    const headers = headersOf(answer.rawHeaders)
    if (schema === undefined || headers['content-type']?.startsWith('text/html')) return undefined
    const usual = status === 200 ? readUsual(operation, headers, body) : undefined
    if (usual !== undefined) return { output: usual as unknown as S3Output<K>, headers }
    const isAbsence = status === 404 && isDocument('Error', body)
    if (!(isAbsence || (status === 200 && isWhole(operation, body)))) return undefined
    return this.#readBySchema(schema, { status, headers, body, isAbsence })
  }

  async #readBySchema<K extends FastOperation>(
    schema: object,
    { status, headers, body, isAbsence }: AnswerToRead,
  ): Promise<CallAnswer<K> | undefined> {
    const response = { statusCode: status, headers: { ...headers }, body }
    try {
      const output = await this.#protocol.deserializeResponse(schema, this.#context, response)
      return { output: withNamedVersion(output) as S3Output<K>, headers }
    } catch (error) {
      if (!isAbsence) return undefined
      return { error: Object.defineProperty(error as object, '$response', { value: response, enumerable: false }) }
    }
  }

  /**
   * That an object has no such lock, read without an error of the SDK being made of it: each object that is repaired is asked.
   * `undefined` for any other answer, and for one that is not flat or has entities in it.
   */
  noLock(operation: FastOperation, answer: WireAnswer): NoLock | undefined {
    if (operation !== 'GetObjectRetention' && operation !== 'GetObjectLegalHold') return undefined
    if (answer.status !== 404) return undefined
    const body = Buffer.concat(answer.body)
    const text = body.toString('utf8')
    if (text.includes('&') || textIn(text, 'Code') !== 'NoSuchObjectLockConfiguration' || !isDocument('Error', body)) {
      return undefined
    }
    return { Key: textIn(text, 'Key'), Resource: textIn(text, 'Resource') }
  }

  #operationOf(operation: FastOperation): object | undefined {
    if (this.#operations.has(operation)) return this.#operations.get(operation)
    const schema = (this.#sdk as unknown as Record<string, Schema | undefined>)[`${operation}$`]
    const found = Array.isArray(schema) ? asOperation(schema as unknown as Schema) : undefined
    this.#operations.set(operation, found)
    return found
  }
}

/** With what must go with its body, and with the headers of the caller's own. `undefined` for what HTTP cannot carry. */
function completed(
  request: Rendering | undefined,
  {
    isChecked,
    withMd5,
    rawHeaders,
  }: {
    readonly isChecked: boolean
    readonly withMd5: boolean
    readonly rawHeaders: Readonly<Record<string, string>> | undefined
  },
): RenderedCall | undefined {
  if (request === undefined || isChecked !== (request.body !== undefined)) return undefined
  const { method, path, query, body } = request
  const headers = Object.assign(request.headers, digestOf(body, withMd5), rawHeaders)
  for (const name in headers) if (!token.test(name) || !sendable.test(headers[name] ?? '')) return undefined
  return { method, path, query, headers, body }
}

/** The text of an element that is there once. */
function textIn(document: string, name: string): string | undefined {
  const opening = `<${name}>`
  const at = document.indexOf(opening)
  if (at < 0 || document.includes(opening, at + 1)) return undefined
  const begin = at + opening.length
  const end = document.indexOf('<', begin)
  return document.startsWith(`</${name}>`, end) ? document.slice(begin, end) : undefined
}

function asOperation([, namespace, name, traits, input, output]: Schema): object {
  return { namespace, name, traits, input, output }
}

/** The address is the session's. */
async function nowhere(): Promise<object> {
  return { url: new URL('https://bucket.invalid/') }
}

function digestOf(body: string | undefined, withMd5: boolean): Readonly<Record<string, string>> {
  if (body === undefined) return {}
  return withMd5 ? { 'content-md5': md5Of(body) } : { 'x-amz-checksum-crc32': crc32Of(body) }
}

function crc32Of(body: string): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc32(body))
  return bytes.toString('base64')
}

function commandOf(sdk: typeof S3, operation: FastOperation, input: CallInput): SmithyCommand {
  const Command = sdk[`${operation}Command`] as unknown as new (input: CallInput) => SmithyCommand
  return new Command(input)
}

// Blanks of ASCII only: a byte 0xA0 is a part of a character.
const beginning = /^(?:<\?xml[^>]*\?>[\t\n\r ]*)?<([A-Za-z]+)[\t\n\r >]/

/** An answer that is whole: empty, or one document with the root that it should have. */
function isWhole(operation: FastOperation, body: Buffer): boolean {
  const { root } = factsOf(operation)
  return root === undefined ? body.length === 0 : isDocument(root, body)
}

function isDocument(root: string, body: Buffer): boolean {
  const text = body.toString('latin1')
  return beginning.exec(text)?.[1] === root && closes(withoutEnd(text, isXmlBlank), root)
}

const { Key, VersionId } = awkward

/** One of each kind: a document, many headers, a query. */
const probes: Partial<Record<FastOperation, CallInput>> = {
  PutObjectTagging: { Key, VersionId, Tagging: { TagSet: [{ Key: '<ä>', Value: '&"\'  ' }] } },
  CopyObject: {
    Key,
    CopySource: 'bucket/key?versionId=1',
    MetadataDirective: 'REPLACE',
    TaggingDirective: 'COPY',
    Metadata: { 'Legal-Hold-Tag': 'a  "b", c' },
    ContentType: 'text/plain; charset=utf-8',
    IfMatch: '"etag"',
    ObjectLockMode: 'GOVERNANCE',
    ObjectLockRetainUntilDate: new Date(1_700_000_000_000),
  },
  ListObjectVersions: { Prefix: Key, KeyMarker: Key, VersionIdMarker: VersionId, MaxKeys: 1, EncodingType: 'url' },
}

import type { X509Certificate } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { commands } from '#src/cli/commands.js'
import { parseMatter } from '#src/cli/config/read-file.js'
import { substitute } from '#src/cli/config/variables.js'
import { parse } from '#src/cli/program.js'
import { RecordDigest } from '#src/custody/bundle/record-digest.js'
import { readStatement } from '#src/custody/bundle/statement.js'
import { berTag, readBer } from '#src/custody/crypto/ber.js'
import { readCount, readOctets, readOid, readTime } from '#src/custody/crypto/ber-values.js'
import { der } from '#src/custody/crypto/der.js'
import { openEnvelope } from '#src/custody/crypto/dsse.js'
import { readPublicKey } from '#src/custody/crypto/keys.js'
import { readCertificates } from '#src/custody/crypto/timestamp/certificates.js'
import { verifyTimestamp } from '#src/custody/crypto/timestamp/token.js'
import { readTstInfo } from '#src/custody/crypto/timestamp/tst-info.js'
import { readLines } from '#src/custody/journal/lines.js'
import { parseRecord } from '#src/custody/journal/record.js'
import { html } from '#src/custody/page/html.js'
import { readGiven } from '#src/custody/page/verifier/key.js'
import { readLines as readFileLines } from '#src/custody/page/verifier/lines.js'
import { readRecord as readFileRecord } from '#src/custody/page/verifier/records.js'
import { csvLine } from '#src/custody/seal/exceptions-csv.js'
import { verifyProof } from '#src/custody/verify/verify-proof.js'
import { type JournalRecord, MemoryJournal } from '#src/index.js'
import { Redactor } from '#src/internal/redaction/redactor.js'
import { redirectOf } from '#src/internal/redirect.js'
import { parseCsv } from '#src/internal/text/csv.js'
import { visible } from '#src/internal/text/visible.js'
import { matchesWildcard } from '#src/internal/text/wildcard.js'
import { AccountCheck } from '#src/journal/check/account-check.js'
import { readCheckpoint } from '#src/journal/checkpoint.js'
import { readTagList } from '#src/model/hold.js'
import { parseKey, roleOf } from '#src/model/layout/keys.js'
import { everythingInScope } from '#src/model/layout/places.js'
import type { ObjectState } from '#src/model/object.js'
import { dateOf } from '#src/platforms/client/answer.js'
import { readFailure, retryAfterMs, toLegalHoldError } from '#src/platforms/client/failure.js'
import { cursorPages, numberedPages } from '#src/platforms/client/pages.js'
import { findRegion } from '#src/platforms/client/regions.js'
import { isSlotsBusy } from '#src/platforms/organization/job-slots.js'
import { S3StorageAdapter } from '#src/s3.js'
import { decodeManifestKey } from '#src/scale/aws/batch/manifest.js'
import { decodeSegment } from '#src/scale/journal/segment.js'
import { parseShardKey } from '#src/scale/keys.js'
import { decodeList } from '#src/scale/plan/shard-list.js'
import { listWith, tagsWanted } from '#src/stages/repair/history/hold-lists.js'
import { readPolicy } from '#src/storage/s3/inspect/policy.js'
import { closes, foreignBody } from '#src/storage/s3/protocol/answer-root.js'
import { normaliseS3Error } from '#src/storage/s3/protocol/errors.js'
import { decodeKey } from '#src/storage/s3/read/list.js'
import { isCloudTrailKey, refuseLossyRepair } from '#src/storage/s3/repair/refusals.js'
import { readAnswer } from '#src/storage/s3/wire/answer.js'
import { Beginning } from '#src/storage/s3/wire/arrival.js'
import { AnswerReader } from '#src/storage/s3/wire/framing.js'
import { stateOf } from '#src/storage/s3/wire/head.js'
import { headersOf } from '#src/storage/s3/wire/headers.js'
import { scanListing } from '#src/storage/s3/wire/list.js'
import { encodeKeyPath, RequestSigner } from '#src/storage/s3/wire/signature.js'
import { readUsual } from '#src/storage/s3/wire/usual/answers.js'
import { classifyFolder } from '../stages/discover/classified-folder.js'

/** Something that reads what comes from elsewhere. */
export interface Parser {
  /** Exported functions that are exercised by it, as `src/file.ts name`. */
  readonly reads: readonly string[]
  /** Inputs that are hard to read, by what they are, as large as is asked. */
  readonly inputs: Readonly<Record<string, (size: number) => unknown>>
  read(input: never): unknown
}

/** So many times a piece that the text has that length. */
export const many = (piece: string) => (size: number) => piece.repeat(Math.ceil(size / piece.length))
/** Texts that bring out what begins anew at each place, or tries every way. */
export const texts: Parser['inputs'] = {
  'blanks in the middle': (size) => `a${' '.repeat(size)}a`,
  'blanks at the end': (size) => `a${' '.repeat(size)}`,
  'line breaks': many('\r\n'),
  'dots and slashes': (size) => `${'/.'.repeat(size / 2)}x`,
  'one long word': many('a'),
  digits: many('1'),
  equals: many('a='),
  'quotes and backslashes': many('\\"'),
  percents: many('%25'),
  entities: many('&amp;'),
  'open entities': many('&'),
  tags: many('<a>'),
  'open tags': many('<'),
  'names of secrets': many('password='),
  'schemes without a token': many('basic  '),
  'key ids': many('AKIA'),
}
const bytesOf = (inputs: Parser['inputs']): Parser['inputs'] =>
  Object.fromEntries(Object.entries(inputs).map(([name, make]) => [name, (size) => Buffer.from(String(make(size)))]))

export const documents: Parser['inputs'] = {
  ...texts,
  'blanks behind a document': (size) => `<Tagging><TagSet/></Tagging>${' '.repeat(size)}`,
  'a long name': (size) => `<${'a'.repeat(size)}`,
  'a long attribute': (size) => `<Tagging ${'a'.repeat(size)}`,
  'long prefixes': (size) => `<${'a:'.repeat(size / 2)}`,
  declarations: many('<?a?>'),
  'open declarations': many('<?a'),
  'open ends': many('</a'),
}

const entry = (key: string) =>
  `<Contents><Key>${key}</Key><LastModified>2023-10-20T12:00:00.000Z</LastModified><ETag>&quot;a&quot;</ETag><Size>1</Size><StorageClass>STANDARD</StorageClass></Contents>`
const listing = (inner: string) => `<ListBucketResult><IsTruncated>false</IsTruncated>${inner}</ListBucketResult>`
const listings: Parser['inputs'] = {
  entries: (size) => listing(many(entry('k'))(size)),
  'entries in another form': (size) => listing(many(entry('k').replace('<Size>1</Size>', '<Size>1</Size>\n'))(size)),
  'a long key': (size) => listing(entry('k'.repeat(size))),
  'blanks between entries': (size) => listing(`\n${' '.repeat(size)}${entry('k')}`),
  folders: (size) => listing(many('<CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes>')(size)),
  'entities in a key': (size) => listing(entry(many('&amp;')(size))),
  'open tags': (size) => listing(many('<')(size)),
}

const state = {
  bucket: 'b',
  key: 'k',
  sizeBytes: 1,
  metadata: {},
  headers: {},
  encryption: {},
  tags: {},
  legalHold: 'OFF',
  retention: 'none',
  acl: [],
} as unknown as ObjectState

const folder = mkdtempSync(join(tmpdir(), 'growth-'))

const record = (type: JournalRecord['type'], data: object, sequence = 1) => ({
  sequence,
  time: '2023-10-20T12:00:00.000Z',
  runId: 'r',
  type,
  data: data as JournalRecord['data'],
})
const started = record('run-started', {
  request: { interval: { start: '2023-10-20T00:00:00Z', end: '2023-10-21T00:00:00Z' } },
  hold: { tag: 'h' },
  requirements: { metadata: { a: '1' }, tags: {} },
  dryRun: false,
  tool: { name: 't', version: '1' },
  platform: { name: 'p' },
  storage: { name: 's', bucket: 'b' },
  retention: [],
  remediation: { onConflict: 'refuse', protectOriginal: true, versions: 'all', allowOverwrite: false },
  accept: [],
  lookbackHours: 1,
})
const before = { bucket: 'b', key: 'k', metadata: {}, headers: {}, encryption: {} }
const records = (size: number, each: (at: number) => object[]): object[] =>
  [started, ...Array.from({ length: size / 200 }, (_, at) => each(at)).flat()].map((one, at) => ({
    ...one,
    sequence: at + 1,
  }))
const keyOf = (conversationId: string, name: string) =>
  `o/year=2023/month=10/day=20/hour=12/conversation_id=${conversationId}/${name}`
const object = { bucket: 'b', key: keyOf('c', 'x.pdf'), versionId: 'v' }
const place = { kind: 'attachment', conversationId: 'c' }
const intent = (action: string, more: object = {}) =>
  record('intent', { hold: 'h', object, place, attempt: 1, step: { action, ...more }, before })
const journals: Parser['inputs'] = {
  'versions beneath one key': (size) => records(size, (at) => [intent('hold-noncurrent', { versionId: `v${at}` })]),
  'steps of one key': (size) =>
    records(size, (at) => {
      const action = at % 4 < 2 ? 'protect-original' : 'replace-metadata'
      return [
        intent(action, { metadata: {}, versionId: 'v' }),
        record('outcome', { hold: 'h', object, attempt: 1, action, request: {}, result: {} }),
      ]
    }),
  'one step begun again and again': (size) => records(size, () => [intent('merge-tags', { tags: {} })]),
  jobs: (size) =>
    records(size, (at) => {
      const request = { interval: { start: String(at), end: String(at) } }
      return [
        record('job-intent', { attempt: 0, request, coverage: {} }),
        record('job', { id: `j${at}`, state: 'FULFILLED', platformState: 'FULFILLED', totals: {}, request }),
        record('listing', { jobId: `j${at}`, expected: 1, skipped: 0 }),
        record('protection', { jobId: `j${at}`, protectedConversations: 0, failed: [] }),
      ]
    }),
  verdicts: (size) =>
    records(size, (at) => [
      record('verdict', {
        object: { bucket: 'b', key: keyOf(`c${at}`, `r${at}.wav`), versionId: 'v' },
        place: { kind: 'recording', recordingId: `r${at}`, conversationId: `c${at}` },
        verdict: 'unreadable',
        outcome: 'unreadable',
        hold: 'h',
        decision: 'none',
        actions: [],
        verification: 'not-needed',
        attempt: 1,
        request: {},
        job: {},
      }),
    ]),
}

const nested = (size: number) => {
  let element = der(berTag.integer, Uint8Array.of(1))
  for (let depth = 0; depth < 60; depth += 1) element = der(berTag.sequence, element)
  return Buffer.concat([element, Buffer.alloc(size)])
}

/** An element of indefinite length, of so many bytes of the same parts. */
const wrapped = (tag: number, part: string, size: number) =>
  Buffer.concat([
    Uint8Array.of(tag, 0x80),
    Buffer.alloc(size - (size % (part.length / 2)), Buffer.from(part, 'hex')),
    Buffer.alloc(2),
  ])

/** A server that answers every request of the SDK with the same document. */
function answeringWith(body: string): S3StorageAdapter {
  const requestHandler = {
    metadata: { handlerProtocol: 'http/1.1' },
    handle: async () => ({
      response: {
        statusCode: 200,
        headers: {
          'content-type': 'application/xml',
          etag: '"e"',
          'last-modified': 'Fri, 20 Oct 2023 12:00:00 GMT',
          'x-amz-tagging-count': '1',
        },
        body: Readable.from([Buffer.from(body)]),
      },
    }),
  }
  return new S3StorageAdapter({
    bucket: 'evidence',
    region: 'us-east-1',
    endpoint: 'http://127.0.0.1:9',
    credentials: { accessKeyId: 'AKIDEXAMPLEEXAMPLE01', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' },
    requestHandler,
    retry: { retries: 0 },
  })
}

const redactor = new Redactor()
redactor.add('wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY')
redactor.addClient('client', 'k9-ZpQ4+/vB7xYt2=LmN8~RsW0.dEfGhIjKlMnOp')

/** Every parser of foreign input. A new one is added here: `growth.slow.test.ts` looks for those that are missing. */
export const parsers: Readonly<Record<string, Parser>> = {
  'the key of a list of a shard': {
    reads: ['src/scale/keys.ts parseShardKey'],
    inputs: texts,
    read: (text: string) => parseShardKey(text),
  },
  'a segment of a journal in a store': {
    reads: ['src/scale/journal/segment.ts decodeSegment'],
    inputs: bytesOf({ ...texts, 'many lines': many('{"a":1}\n') }),
    read: (bytes: Buffer) => decodeSegment(bytes),
  },
  'the list of a shard': {
    reads: ['src/scale/plan/shard-list.ts decodeList'],
    inputs: bytesOf({ ...texts, 'many lines': many('{"a":1}\n') }),
    read: (bytes: Buffer) => decodeList(bytes),
  },
  'CSV of an engine or an inventory': {
    reads: ['src/internal/text/csv.ts parseCsv', 'src/scale/aws/batch/report.ts readReport'],
    inputs: {
      ...texts,
      rows: many('bucket,key,,succeeded,200,,\n'),
      commas: many(','),
      quotes: many('"'),
      'quoted line breaks': (size) => `"${'\n'.repeat(size)}"`,
      'carriage returns': many('\r'),
    },
    read: (text: string) => parseCsv(text),
  },
  'a key of a manifest': {
    reads: ['src/scale/aws/batch/manifest.ts decodeManifestKey'],
    inputs: { ...texts, spaces: many('+'), 'open percents': many('%') },
    read: (text: string) => decodeManifestKey(text),
  },
  'a listing of S3': {
    reads: ['src/storage/s3/wire/list.ts scanListing'],
    inputs: listings,
    read: (text: string) => scanListing([Buffer.from(text)]),
  },
  'a list of versions in the usual form': {
    reads: ['src/storage/s3/wire/usual/answers.ts readUsual'],
    inputs: {
      ...texts,
      versions: (size) =>
        `<ListVersionsResult>${'<Version><Key>k</Key><VersionId>v</VersionId><IsLatest>true</IsLatest><LastModified>2023-10-20T12:00:00.000Z</LastModified><ETag>"e"</ETag><Size>5</Size><StorageClass>STANDARD</StorageClass></Version>'.repeat(size / 200)}</ListVersionsResult>`,
      'open versions': (size) => `<ListVersionsResult>${'<Version>'.repeat(size / 9)}`,
      'an open key': (size) => `<ListVersionsResult><Version><Key>${'k'.repeat(size)}`,
      'an open element': (size) => `<ListVersionsResult><Name>${'b'.repeat(size)}`,
      'line breaks': (size) => `<ListVersionsResult>${'\n'.repeat(size)}</ListVersionsResult>`,
    },
    read: (text: string) => readUsual('ListObjectVersions', {}, Buffer.from(text)),
  },
  'the result of a copy in the usual form': {
    reads: [],
    inputs: {
      ...texts,
      elements: (size) => `<CopyObjectResult>${many('<ETag>"e"</ETag>')(size)}</CopyObjectResult>`,
      'an open element': (size) => `<CopyObjectResult><ETag>${'e'.repeat(size)}`,
    },
    read: (text: string) => readUsual('CopyObject', {}, Buffer.from(text)),
  },
  'a listing of S3 in pieces': {
    reads: [],
    inputs: { entries: listings.entries as (size: number) => unknown },
    read: (text: string) => scanListing(text.match(/[\s\S]{1,16}/g)?.map((piece) => Buffer.from(piece)) ?? []),
  },
  'the headers of an answer': {
    reads: ['src/storage/s3/wire/answer.ts readAnswer'],
    inputs: {
      ...texts,
      headers: (size) => `HTTP/1.1 200 OK\r\n${many('a: b\r\n')(size)}\r\n`,
      'headers with other ends': (size) => `HTTP/1.1 200 OK\r\n${many('a: b\n')(size)}\n`,
      'headers without names': (size) => `HTTP/1.1 200 OK\r\n${many('abc\r\n')(size)}\r\n`,
      'blanks in a header': (size) => `HTTP/1.1 200 OK\r\na: ${' '.repeat(size)}x\r\n\r\n`,
      'interim answers': many('HTTP/1.1 100 Continue\r\n\r\n'),
    },
    read: readAnswer,
  },
  'the headers of an answer, byte by byte': {
    reads: [],
    inputs: { headers: (size) => `HTTP/1.1 200 OK\r\n${many('a: b\r\n')(size)}\r\n` },
    read: (text: string) => {
      const beginning = new Beginning()
      beginning.set('H')
      for (const character of text.slice(1)) {
        const whole = beginning.add(character)
        if (whole !== undefined) readAnswer(whole)
      }
    },
  },
  'an answer with a body': {
    reads: ['src/storage/s3/wire/answer.ts readHeaders'],
    inputs: {
      ...texts,
      'chunks of a byte': (size) =>
        `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${many('1\r\na\r\n')(size)}0\r\n\r\n`,
      'a long chunk': (size) => `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n${'a'.repeat(size)}`,
      'a line without an end': (size) => `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;${' '.repeat(size)}`,
      'lengths again and again': (size) => `HTTP/1.1 200 OK\r\n${many('Content-Length: 1\r\n')(size)}\r\n`,
    },
    read: (text: string) => new AnswerReader().add(Buffer.from(text)),
  },
  'an answer with a body, byte by byte': {
    reads: [],
    inputs: {
      chunks: (size) => `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${many('1\r\na\r\n')(size)}0\r\n\r\n`,
      length: (size) => `HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n${'a'.repeat(size)}`,
    },
    read: (text: string) => {
      const reader = new AnswerReader()
      for (const byte of Buffer.from(text)) reader.add(Buffer.of(byte))
    },
  },
  'the headers of an object': {
    reads: [],
    inputs: {
      metadata: (size) => Array.from({ length: size / 20 }, (_, at) => [`x-amz-meta-n${at}`, 'value']).flat(),
      'one header again and again': (size) => Array.from({ length: size / 20 }, () => ['x-other', 'value']).flat(),
      'a long value': (size) => ['etag', 'e'.repeat(size), 'last-modified', ' '.repeat(size)],
    },
    read: (rawHeaders: string[]) => [
      stateOf({ bucket: 'b', key: 'k' }, { status: 200, rawHeaders, body: [] }),
      headersOf(rawHeaders),
    ],
  },
  'the root of a document': {
    reads: [],
    inputs: documents,
    read: async (text: string) => [
      await foreignBody('GetObjectTagging', { statusCode: 200, body: Buffer.from(text) }),
      closes(text, 'Tagging'),
    ],
  },
  'a document of S3, with all that the SDK does': {
    reads: [],
    inputs: {
      ...documents,
      tags: (size) => `<Tagging><TagSet>${many('<Tag><Key>k</Key><Value>v</Value></Tag>')(size)}</TagSet></Tagging>`,
      'blanks in a document': (size) => `<Tagging>${' '.repeat(size)}<TagSet/></Tagging>`,
      'blanks in a tag': (size) => `<Tagging><TagSet><Tag><Key>${' '.repeat(size)}x</Key></Tag></TagSet></Tagging>`,
      comments: (size) => `<Tagging>${many('<!---->')(size)}<TagSet/></Tagging>`,
      'entities in a tag': (size) => `<Tagging><TagSet><Tag><Key>${many('&amp;')(size)}</Key></Tag></TagSet></Tagging>`,
    },
    read: async (text: string) => {
      const adapter = answeringWith(text)
      await adapter.head({ bucket: 'evidence', key: 'k' }, { tags: true }).catch(() => {})
      adapter.close()
    },
  },
  'an error of S3': {
    reads: [],
    inputs: texts,
    read: (text: string) =>
      normaliseS3Error(
        {
          name: text,
          message: text,
          Region: text,
          Endpoint: text,
          $metadata: { httpStatusCode: 301, requestId: text },
          $response: { headers: { location: text, date: text, 'retry-after': text, 'x-amz-version-id': text } },
        },
        {
          operation: 'HeadObject',
          stage: 'validate',
          bucket: 'b',
          mutation: false,
          clean: (said) => redactor.redact(said),
        },
      ),
  },
  'a key of a listing': {
    reads: ['src/storage/s3/read/list.ts decodeKey'],
    inputs: { ...texts, 'equals, encoded': many('%3D') },
    read: (text: string) => {
      try {
        return decodeKey(text, 'url')
      } catch {
        return undefined
      }
    },
  },
  'a bucket policy': {
    reads: ['src/storage/s3/inspect/policy.ts readPolicy'],
    inputs: {
      ...texts,
      'wildcards in an action': (size) => policyOf(`s3:${many('*a')(size)}b`),
      'question marks in an action': (size) => policyOf(`s3:${many('?')(size)}`),
      'many actions': (size) => policyOf(...Array.from({ length: size / 20 }, () => 's3:*ObjectTagging?')),
    },
    read: (text: string) =>
      readPolicy(text, { bucket: 'b', prefix: 'org/', bucketActions: [], objectActions: ['s3:PutObject'], tls: true }),
  },
  wildcards: {
    reads: ['src/internal/text/wildcard.ts matchesWildcard'],
    inputs: { stars: many('*'), 'stars and letters': many('*a'), letters: many('a') },
    read: (pattern: string) => matchesWildcard(pattern, 'a'.repeat(200)),
  },
  'what is sent again': {
    reads: [],
    inputs: texts,
    read: (text: string) => {
      const scope = { accessKeyId: 'a', secretAccessKey: 's', region: 'r', service: 's3', amzDate: '20231020T120000Z' }
      const signer = new RequestSigner(scope, [['host', 'h']])
      signer.authorizationWith({ method: 'PUT', path: '/', query: '' }, [['x-amz-meta-a', text]], 'hash')
      encodeKeyPath(text)
      try {
        refuseLossyRepair(
          { ...state, key: text },
          { name: text },
          { allowReplicas: false, hasCustomerKey: false, bucketReceivesCloudTrail: false, isReadAgain: false },
        )
      } catch {
        // Larger than any metadata may be.
      }
      return isCloudTrailKey(text)
    },
  },
  'an error of Genesys Cloud': {
    reads: ['src/platforms/client/failure.ts readFailure'],
    inputs: texts,
    read: (text: string) => {
      const body = {
        message: text,
        code: text,
        contextId: text,
        errors: [{ code: text, message: text }],
        limit: { [text]: text },
      }
      const failure = readFailure({ status: 400, headers: { 'inin-correlation-id': text, location: text }, body })
      return [
        toLegalHoldError(failure, { operation: 'read', stage: 'inspect', effect: 'read' }, redactor, 0),
        isSlotsBusy(failure),
        retryAfterMs({ 'retry-after': text }, 0),
        redirectOf(302, text),
        dateOf({ date: text }, 'date'),
        findRegion(text),
      ]
    },
  },
  'words about job slots': {
    reads: [],
    inputs: { jobs: many('jobs a '), maximum: many('max'), 'many words': many('too many a ') },
    read: (message: string) => isSlotsBusy(readFailure({ status: 400, headers: {}, body: { message } })),
  },
  'pages of Genesys Cloud': {
    reads: [],
    inputs: { pages: (size) => size / 200 },
    read: async (pages: number) => {
      let page = 0
      const next = async () => {
        page += 1
        return page < pages
          ? { entities: [1], nextUri: `/x?cursor=${page}`, cursor: String(page), pageCount: pages }
          : { entities: [] }
      }
      for await (const _ of cursorPages({ subject: 's', stage: 'inspect' }, next));
      page = 0
      for await (const _ of numberedPages({ subject: 's', stage: 'inspect' }, next));
    },
  },
  redaction: {
    reads: [],
    inputs: {
      ...texts,
      secrets: many('wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'),
      'secrets in base64': many(Buffer.from('wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY').toString('base64')),
    },
    read: (text: string) => [new Redactor().redact(text), redactor.redact(text), redactor.redactData({ a: [text] })],
  },
  'a line of a journal': {
    reads: ['src/custody/journal/record.ts parseRecord', 'src/custody/journal/record.ts readRecord'],
    inputs: {
      ...bytesOf(texts),
      'a long record': (size) => Buffer.from(JSON.stringify(record('verdict', { text: 'x'.repeat(size) }))),
      'a deep record': (size) => Buffer.from(`{"data":${'['.repeat(size)}`),
    },
    read: (line: Buffer) => {
      try {
        return parseRecord(line, 1, 'p')
      } catch {
        return undefined
      }
    },
  },
  'the lines of a journal': {
    reads: ['src/custody/journal/lines.ts readLines'],
    inputs: { 'short lines': many('x\n'), 'empty lines': many('\n'), 'one long line': (size) => 'x'.repeat(size * 20) },
    read: async (text: string) => {
      const path = join(folder, 'lines')
      writeFileSync(path, text)
      const file = await open(path, 'r')
      for await (const _ of readLines(file, path));
      await file.close()
    },
  },
  'the records of a run': {
    reads: ['src/journal/checkpoint.ts readCheckpoint', 'src/journal/form/data-form.ts hasForm'],
    inputs: journals,
    read: async (all: JournalRecord[]) => {
      const journal = new MemoryJournal()
      journal.entries = async function* () {
        yield* all
      }
      await readCheckpoint(journal)
      const check = new AccountCheck()
      const digest = new RecordDigest()
      for (const one of all) {
        const checked = check.take(one)
        if (typeof checked !== 'string') digest.add(checked)
      }
    },
  },
  'a statement': {
    reads: [
      'src/custody/bundle/statement.ts readStatement',
      'src/custody/bundle/proof.ts parseProof',
      'src/custody/crypto/envelope.ts readEnvelope',
    ],
    inputs: {
      ...texts,
      'a long payload': (size) =>
        JSON.stringify({ payload: 'A'.repeat(size), payloadType: 't', signatures: [{ keyid: 'k', sig: 's' }] }),
      'many signatures': (size) =>
        JSON.stringify({ payload: '', payloadType: 't', signatures: new Array(size / 10).fill({}) }),
    },
    read: (text: string) => [openEnvelope(text), readStatement(text), verifyProof(text, {})],
  },
  'a key in PEM': {
    reads: [
      'src/custody/crypto/keys.ts readPublicKey',
      'src/custody/page/verifier/key.ts readKey',
      'src/custody/page/verifier/key.ts readGiven',
    ],
    inputs: {
      ...texts,
      'a long block': (size) => `-----BEGIN PUBLIC KEY-----\n${many('AAAA')(size)}\n-----END PUBLIC KEY-----`,
    },
    read: (text: string) => {
      readGiven(text)
      try {
        return readPublicKey(text)
      } catch {
        return undefined
      }
    },
  },
  'records in the page of a bundle': {
    reads: ['src/custody/page/verifier/lines.ts readLines', 'src/custody/page/verifier/records.ts readRecord'],
    inputs: { ...texts, 'short lines': many('{}\n') },
    read: (text: string) => readFileLines(new Blob([text]), (line) => void readFileRecord(line)),
  },
  'certificates in PEM': {
    reads: ['src/custody/crypto/timestamp/certificates.ts readCertificates'],
    inputs: {
      ...texts,
      beginnings: many('-----BEGIN CERTIFICATE-----a'),
      'an open block': (size) => `-----BEGIN CERTIFICATE-----${'A'.repeat(size)}`,
    },
    read: (text: string) => {
      try {
        return readCertificates(text)
      } catch {
        return undefined
      }
    },
  },
  'a time stamp': {
    reads: [
      'src/custody/crypto/ber.ts readBer',
      'src/custody/crypto/ber-values.ts readOctets',
      'src/custody/crypto/ber-values.ts readOid',
      'src/custody/crypto/ber-values.ts readCount',
      'src/custody/crypto/ber-values.ts readTime',
      'src/custody/crypto/timestamp/tst-info.ts readTstInfo',
    ],
    inputs: {
      ...bytesOf(texts),
      zeros: (size) => Buffer.alloc(size),
      'many elements': (size) => der(berTag.sequence, Buffer.alloc(size, Buffer.from([berTag.integer, 0]))),
      'a long identifier': (size) => der(berTag.oid, Buffer.alloc(size, 0x81), Uint8Array.of(1)),
      'many arcs': (size) => der(berTag.oid, Buffer.alloc(size, 1)),
      'a long time': (size) => der(berTag.generalizedTime, Buffer.from(`20231020120000.${'1'.repeat(size)}Z`)),
      'deep elements': nested,
      'an octet string in many pieces': (size) => wrapped(0x24, '04020000', size),
      'ends that are missing': (size) => Buffer.alloc(size, Buffer.from([0x30, 0x80])),
      'chains of short nestings': (size) => wrapped(0x30, '3080'.repeat(60) + '0000'.repeat(60), size),
    },
    read: (bytes: Buffer) => {
      for (const read of [
        () => verifyTimestamp(bytes, Buffer.alloc(1), [] as X509Certificate[]),
        () => readOid(readBer(bytes)),
        () => readTstInfo(bytes, Buffer.alloc(1)),
        () => readTime(readBer(bytes)),
        () => readCount(readBer(bytes)),
        () => readOctets(readBer(bytes)),
      ]) {
        try {
          read()
        } catch {
          // None of them is what it should be.
        }
      }
    },
  },
  'texts that are shown': {
    reads: [],
    inputs: texts,
    read: (text: string) => [
      visible(text),
      html`${text}`,
      csvLine({ state: 'missing', reason: text, recordingId: text, conversationId: text, key: text } as never),
    ],
  },
  'a key of an object': {
    reads: ['src/model/layout/keys.ts parseKey'],
    inputs: {
      ...texts,
      'a long organisation': (size) => `${'a'.repeat(size)}/year=2023/month=1/day=1/hour=1/conversation_id=c/r`,
    },
    read: (text: string) => [parseKey(text), roleOf(text)],
  },
  'a list of tags': {
    reads: ['src/model/hold.ts readTagList'],
    inputs: { ...texts, tags: (size) => Array.from({ length: size / 8 }, (_, at) => `tag-${at}`).join() },
    read: (text: string) => {
      const other = text.replaceAll('tag', 'other')
      const [tags, others] = [readTagList(text, 'metadata'), readTagList(other, 'metadata')]
      const wanted = tagsWanted([
        { tags, isOurs: false },
        { tags: others, isOurs: false },
      ])
      return [readTagList(text, 'object-tag'), listWith(other, tags, 'metadata'), wanted]
    },
  },
  'the files of a conversation': {
    reads: [],
    inputs: {
      files: (size) =>
        Array.from({ length: size / 50 }, (_, at) => ({
          object: { bucket: 'b', key: `k${at}`, sizeBytes: 1 },
          key: {
            organizationId: 'o',
            hour: 'h',
            conversationId: 'c',
            rest: `r${at}.opus${at % 2 === 0 ? '' : '_metadata.json'}`,
          },
        })),
    },
    read: (objects: Parameters<typeof classifyFolder>[0]) => classifyFolder(objects, everythingInScope),
  },
  'the arguments of a command': {
    reads: ['src/cli/program.ts parse'],
    inputs: {
      arguments: (size) => new Array(size / 20).fill('x'),
      'a long one': (size) => [`--key=${'='.repeat(size)}`],
    },
    read: (given: string[]) => parse(commandNamed('verify'), given),
  },
  'a matter': {
    reads: ['src/cli/config/read-file.ts parseMatter', 'src/cli/config/read-file.ts readMatterFile'],
    inputs: {
      conversations: (size) => `request:\n  conversationIds:\n${'  - a\n'.repeat(size / 10)}`,
      'names of its own': (size) => `requirements:\n  tags:\n${numbered(size, '    key', ': a')}`,
      'keys that are not known': (size) => numbered(size, 'key', ': a'),
      'a long text': (size) => `hold: { tag: "${'${'.repeat(size)}" }`,
      'no YAML': (size) => '[{"'.repeat(Math.min(size, 400)),
    },
    read: (given: string) => {
      try {
        return parseMatter(given, 'matter.yaml', {})
      } catch {
        return undefined
      }
    },
  },
  'variables in a text': {
    reads: ['src/cli/config/variables.ts substitute'],
    inputs: {
      variables: (size) => `\${A}`.repeat(size / 4),
      'the beginnings of some': (size) => '$${'.repeat(size / 3),
      'a long name': (size) => `\${${'A'.repeat(size)}`,
    },
    read: (given: string) => substitute(given, { A: 'x' }),
  },
}

function commandNamed(name: string) {
  const found = commands.find((command) => command.name === name)
  if (found === undefined) throw new Error(`no command ${name}`)
  return found
}

function numbered(size: number, before: string, after: string): string {
  return Array.from({ length: size / 20 }, (_, at) => `${before}${at}${after}\n`).join('')
}

function policyOf(...actions: string[]): string {
  return JSON.stringify({
    Statement: [{ Effect: 'Deny', Principal: '*', Action: actions, Resource: 'arn:aws:s3:::b/*' }],
  })
}

/** Functions with the name of a parser that read nothing themselves, or whose parts are all above. */
export const elsewhere: Readonly<Record<string, string>> = {
  'src/scale/inventory/sample.ts readSample': 'objects by HEAD, one by one',
  'src/scale/journal/fence.ts readSegment': 'an object, for decodeSegment',
  'src/scale/plan/plan.ts readPlan': 'an object of JSON',
  'src/scale/worker/stored-seal.ts readSeal': 'an object of JSON',
  'src/scale/aws/map/results.ts readMapResults': 'files of JSON, execution by execution',
  'src/scale/aws/inventory/manifest.ts readInventoryManifest': 'a file of JSON',
  'src/custody/verify/bundle-report.ts readBundleReport': 'a file of JSON',
  'src/custody/seal/previous-bundle.ts readPrevious': 'a file, for readStatement',
  'src/custody/bundle/statement-file.ts readStatementOf': 'a file, for readStatement',
  'src/platforms/organization/organization.ts readCoverage': 'one field of an answer',
  'src/platforms/organization/organization.ts readOrganization': 'some fields of an answer',
  'src/platforms/expected/recording-metadata.ts readMetadata': 'an answer, element by element',
  'src/platforms/expected/recording-metadata.ts readErrorStatus': 'one field of an answer',
  'src/platforms/source/grants.ts readGrants': 'an answer, grant by grant',
  'src/run/audit.ts readAudit': 'entries, one by one',
  'src/stages/reading/listed-line.ts readLine': 'one entry of a listing',
  'src/stages/export/expected-list.ts readExpectedList': 'what a platform has read already',
  'src/stages/reading/read-again.ts readAgain': 'an answer and a line of a listing',
  'src/storage/s3/read/tags.ts readTags': 'an answer that was parsed, element by element',
  'src/internal/aws/shared-config.ts readSharedConfig': "the caller's own files, line by line",
  'src/storage/s3/read/content.ts readContent': 'bytes as they come',
  'src/storage/s3/read/text.ts readText': 'bytes as they come, up to a limit',
}

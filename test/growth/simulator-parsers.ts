import { Fields } from '#src/testing/http/fields.js'
import { S3Simulator } from '#src/testing/index.js'
import { parsePolicy } from '#src/testing/s3/access/policy.js'
import { dechunk } from '#src/testing/s3/auth/chunked.js'
import { readRequest, sentAsObject } from '#src/testing/s3/http/request.js'
import { parseBasicDate, parseHttpDate, parseIsoDate } from '#src/testing/s3/http/time.js'
import { decodeUri, parseQuery } from '#src/testing/s3/http/uri.js'
import { parseXml } from '#src/testing/s3/http/xml.js'
import { matchesEtag, readConditions } from '#src/testing/s3/objects/conditions.js'
import { documents, many, type Parser, texts } from './parsers.js'

/** As a header takes it. */
const ofHeader = (text: string) => text.replace(/[^\t\x20-\x7e]/g, ' ')

function tried(...reads: (() => unknown)[]): void {
  for (const read of reads) {
    try {
      read()
    } catch {
      // Refused.
    }
  }
}

/** The parsers of the simulators, which partners' tests send their own requests to. */
export const simulatorParsers: Readonly<Record<string, Parser>> = {
  'a document that the simulator is sent': {
    reads: ['src/testing/s3/http/xml.ts parseXml'],
    inputs: {
      ...documents,
      tags: (size) => `<Tagging><TagSet>${many('<Tag><Key>k</Key><Value>v</Value></Tag>')(size)}</TagSet></Tagging>`,
    },
    read: (text: string) => tried(() => parseXml(text, 'Tagging')),
  },
  'a request to the simulator': {
    reads: [
      'src/testing/s3/http/request.ts readRequest',
      'src/testing/s3/http/uri.ts decodeUri',
      'src/testing/s3/http/uri.ts parseQuery',
      'src/testing/s3/objects/conditions.ts readConditions',
      'src/testing/s3/objects/conditions.ts matchesEtag',
      'src/testing/s3/http/time.ts parseBasicDate',
      'src/testing/s3/http/time.ts parseIsoDate',
      'src/testing/s3/http/time.ts parseHttpDate',
    ],
    inputs: {
      ...texts,
      'hosts of S3': many('s3.'),
      'hosts of this machine': many('.127.0.0.1'),
      ranges: (size) => `bytes=${'1'.repeat(size)}-${' '.repeat(size)}`,
      grants: (size) => `id=${' '.repeat(size)}"`,
    },
    read: (text: string) => {
      const header = ofHeader(text)
      tried(
        () => decodeUri(text),
        () => parseQuery(text),
        () => parseBasicDate(text),
        () => parseIsoDate(text),
        () => parseHttpDate(text),
        () => matchesEtag(text, '"e"'),
        () => readConditions(Fields.of(['if-match', header, 'if-none-match', header])),
        () => readRequest(sentAsObject(new Request('http://127.0.0.1/b/k', { headers: { host: header } }), '/b/k')),
      )
    },
  },
  'a range and an access control list for the simulator': {
    reads: [],
    inputs: {
      ...texts,
      ranges: (size) => `bytes=${'1'.repeat(size)}-${' '.repeat(size)}`,
      grants: (size) => `id=${' '.repeat(size)}"`,
    },
    read: async (text: string) => {
      const simulator = new S3Simulator({ verifySignatures: false })
      simulator.createBucket('bucket', { objectOwnership: 'ObjectWriter', publicAccessBlock: null })
      const header = ofHeader(text).trim()
      const ask = (init: RequestInit) => simulator.handle(new Request('http://127.0.0.1/bucket/k', init))
      await ask({ method: 'PUT', body: 'x' })
      await ask({ headers: { range: header } })
      await ask({ method: 'PUT', body: 'x', headers: { 'x-amz-grant-read': header } })
      simulator.close()
    },
  },
  'a policy for the simulator': {
    reads: ['src/testing/s3/access/policy.ts parsePolicy'],
    inputs: {
      ...texts,
      'wildcards in an action': (size) =>
        JSON.stringify({
          Statement: [
            { Effect: 'Deny', Principal: '*', Action: `s3:${many('*a')(size)}`, Resource: 'arn:aws:s3:::b/*' },
          ],
        }),
    },
    read: (text: string) => tried(() => parsePolicy(text, 'b')),
  },
  'a body in pieces': {
    reads: [],
    inputs: {
      pieces: many('1\r\na\r\n'),
      trailers: (size) => `0\r\n${many('a:b\r\n')(size)}`,
      'a long line': (size) => '1'.repeat(size),
    },
    read: (text: string) => tried(() => dechunk(Buffer.from(text), true, undefined)),
  },
}

/** Functions of the simulators with the name of a parser that read nothing by themselves. */
export const simulatorsElsewhere: Readonly<Record<string, string>> = {
  'src/testing/s3-control/create-job.ts readCreateJob': 'a document that was parsed, element by element',
  'src/testing/s3-control/manifest.ts readTasks': 'CSV that was parsed, row by row',
  'src/testing/distributed-map/definition.ts readDefinition': "a test's own object",
  'src/testing/genesys/http.ts readObject': 'a body of JSON',
  'src/testing/genesys/routes/paging.ts readCursor': 'a number',
  'src/testing/genesys/jobs/query.ts parseInterval': 'two dates',
  'src/testing/genesys/jobs/recording-job-query.ts readRecordingQuery': 'some fields of a body',
  'src/testing/genesys/jobs/recording-job-query.ts readSchedule': 'some fields of a body',
  'src/testing/scenario/scenario-request.ts parseKeptScenario': 'some fields of what this library wrote',
  'src/testing/scenario/scenario-request.ts parseScenarioRequest': 'some fields of a body',
  'src/testing/s3/content/blobs.ts readBody': 'bytes as they come',
  'src/testing/s3/buckets/buckets.ts readOwnership': 'one of three words',
  'src/testing/s3/content/checksums.ts readAlgorithm': 'one of some words',
  'src/testing/s3/listing/listing.ts readMost': 'a number',
  'src/testing/s3/auth/payload.ts readDocument': 'bytes as they come, up to a limit',
  'src/testing/s3/auth/payload.ts readUpload': 'bytes as they come, up to a limit',
  'src/testing/s3/content/ranges.ts readPartNumber': 'a number',
  'src/testing/s3/auth/signature.ts readCredential': 'five words between slashes',
  'src/testing/s3/objects/tags.ts readTags': 'elements of parseXml',
}

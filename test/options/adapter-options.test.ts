import { expect, test } from 'vitest'
import { BulkExportsPlatform, RecordingJobsPlatform } from '../../src/genesys.js'
import { evidenceBundle, FileJournal } from '../../src/node.js'
import { S3StorageAdapter } from '../../src/s3.js'

function failure(make: () => unknown): { message: string } {
  try {
    make()
  } catch (error) {
    return error as { message: string }
  }
  throw new Error('nothing was thrown')
}

test('all mistakes in the options of the storage are told at once', () => {
  const wrong = { bucket: 's3://b', region: 5, maxSockets: 'many', attemptTimeoutMs: 0, copyConcurrency: 0 } as never
  const error = failure(() => new S3StorageAdapter(wrong))
  expect(error).toMatchObject({ code: 'INVALID_OPTIONS', stage: 'options' })
  const { mistakes } = (error as unknown as { details: { mistakes: { path: string }[] } }).details
  expect(mistakes.map(({ path }) => path)).toEqual([
    'bucket',
    'attemptTimeoutMs',
    'maxSockets',
    'copyConcurrency',
    'region',
  ])
})

test.each([
  ['S3StorageAdapter', () => new S3StorageAdapter(undefined as never), /bucket/],
  ['RecordingJobsPlatform', () => new RecordingJobsPlatform(undefined as never), /region is missing/],
  ['BulkExportsPlatform', () => new BulkExportsPlatform(undefined as never), /region is missing/],
  ['evidenceBundle', () => evidenceBundle(undefined as never), /dir must be .*; signer must be/],
  ['evidenceBundle', () => evidenceBundle({ dir: './x' } as never), /signer must be a Signer/],
  ['FileJournal', () => new FileJournal(undefined as never), /needs the directory/],
])('%s without what it needs says so', (_, make, message) => {
  const error = failure(make)
  expect(error).toMatchObject({ name: 'LegalHoldError', stage: 'options', message: expect.stringMatching(message) })
})

test('a misspelt name is shown beside what is missing for it, and no harm alone', () => {
  const connection = { region: 'eu-west-1', clientId: 'an id', clientSecret: 'a secret' }
  const misspelt = { regoin: 'eu-west-1', clientID: 'an id', clientSecret: 'a secret' } as never
  expect(failure(() => new RecordingJobsPlatform(misspelt)).message).toMatch(
    /Not known: regoin, clientID; known are region/,
  )
  expect(() => new RecordingJobsPlatform({ ...connection, ...{ organizationId: 'o' } })).not.toThrow()
})

import { describe, expect, test } from 'vitest'
import { contradictionOfStates } from '#src/journal/check/verdict-states.js'

const before = {
  versionId: 'v1',
  sizeBytes: 512,
  etag: '"9b2cf535f27731c974343645a3985328"',
  lastModified: '2023-10-20T12:00:00.000Z',
  metadata: { project: 'x' },
  headers: { contentType: 'audio/mpeg' },
  encryption: { algorithm: 'AES256' },
  checksum: { algorithm: 'CRC64NVME', value: 'WlpaWgAAA+c=', type: 'FULL_OBJECT' },
  tags: { team: 'y' },
  legalHold: 'OFF',
  retention: { mode: 'COMPLIANCE', retainUntilDate: '2030-01-01T00:00:00.000Z' },
  acl: 'bucket-owner-enforced',
}
const after = {
  ...before,
  versionId: 'v2',
  metadata: { project: 'x', 'legal-hold-tag': 'm1' },
  tags: { team: 'y', hold: 'm1' },
  legalHold: 'ON',
}
const digestOf = ({ checksum, versionId }: typeof before) => ({ ...checksum, source: 'storage', versionId })
const record = {
  object: { bucket: 'b', key: 'k', versionId: 'v1' },
  outcome: 'repaired',
  before,
  after,
  digest: digestOf(after),
  digestBefore: digestOf(before),
}
const content = { algorithm: 'SHA256', value: 'a'.repeat(64), source: 'content', versionId: 'v2' }

const flawOf = (change: object) => contradictionOfStates({ ...record, ...change } as never)
const afterWith = (change: object) => ({ after: { ...after, ...change } })

describe('the states and digests of a verdict', () => {
  test.each<[string, object]>([
    ['as a repair writes them', {}],
    ['of contents that were read', { digest: content, digestBefore: { ...content, versionId: 'v1' } }],
    ['with a retention that only the repair could read', { before: { ...before, retention: 'unreadable' } }],
    [
      'with a longer retention',
      afterWith({ retention: { mode: 'COMPLIANCE', retainUntilDate: '2031-01-01T00:00:00.000Z' } }),
    ],
    ['of an object that was not repaired', { outcome: 'unrepaired', ...afterWith({ headers: {} }) }],
    ['that nobody recorded', { before: undefined, after: undefined, digest: undefined, digestBefore: undefined }],
    ['of which none is known', { digest: { source: 'unavailable', reason: 'an inventory shows no checksum' } }],
  ])('%s agree', (_, change) => {
    expect(flawOf(change)).toBeUndefined()
  })

  test.each<[string, object]>([
    ['another content type', afterWith({ headers: { contentType: 'text/html' } })],
    ['another encryption', afterWith({ encryption: { algorithm: 'aws:kms' } })],
    ['a tag less', afterWith({ tags: { hold: 'm1' } })],
    ['a name of metadata less', afterWith({ metadata: { 'legal-hold-tag': 'm1' } })],
    ['a retention less', afterWith({ retention: 'none' })],
    ['other grants', afterWith({ acl: [{ grantee: 'id=x', permission: 'READ' }] })],
    ['another storage class', afterWith({ storageClass: 'GLACIER' })],
    ['another size', afterWith({ sizeBytes: 511 })],
    ['another checksum', afterWith({ checksum: { ...before.checksum, value: 'AAAAAAAAAAA=' } })],
    ['a digest that the state does not show', { digest: { ...record.digest, value: 'AAAAAAAAAAA=' } }],
    [
      'a former digest that the state does not show',
      { digestBefore: { ...record.digestBefore, value: 'AAAAAAAAAAA=' } },
    ],
    ['a checksum that is called a content', { digest: { ...record.digest, source: 'content' } }],
    ['a digest of another version', { digest: { ...record.digest, versionId: 'v1' } }],
    ['a digest by another algorithm', { digest: { ...record.digest, algorithm: 'SHA256' } }],
    ['a null in place of headers', { before: { ...before, headers: null } }],
    ['a null in place of a state', { before: null }],
    ['two contents', { digest: content, digestBefore: { ...content, versionId: 'v1', value: 'b'.repeat(64) } }],
  ])('%s is a contradiction', (_, change) => {
    expect(flawOf(change)).toBeTypeOf('string')
  })
})

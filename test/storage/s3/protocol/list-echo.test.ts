import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { foreignAnswer, foreignRefusal } from '#src/storage/s3/answer/belongs.js'
import { echoContradiction, namesContradiction } from '#src/storage/s3/protocol/list-echo.js'

const asked = { bucket: 'evidence', prefix: 'org/a b+c/', token: 't1' }

describe('a page that repeats what was asked', () => {
  test('is the one that was asked for, encoded or not, and whatever it leaves out', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.constantFrom('url', undefined), (prefix, encoding) => {
        fc.pre(!/\p{Surrogate}/u.test(prefix))
        const encoded = encodeURIComponent(prefix)
        const forms = encoding === 'url' ? [prefix, encoded, encoded.replaceAll('%20', '+')] : [prefix]
        for (const repeated of [...forms, '', undefined]) {
          const echo = { name: 'evidence', prefix: repeated, encoding }
          expect(echoContradiction({ bucket: 'evidence', prefix }, echo)).toBeUndefined()
        }
      }),
    )
  })

  test.each([
    ['bucket', { name: 'other' }],
    ['prefix', { prefix: 'org/' }],
    ['continuation token', { token: 't0' }],
    ['beginning', { startAfter: 'org/1' }],
    ['delimiter', { delimiter: '/' }],
    ['key marker', { keyMarker: 'org/1' }],
  ])('but of another %s is another one', (what, echo) => {
    expect(echoContradiction(asked, echo)).toBe(`a listing of another ${what}`)
  })

  test('names a bucket by another name where it was reached by an alias', () => {
    for (const bucket of ['recordings-abc-s3alias', 'point--ol-s3', 'zone--x-s3']) {
      expect(echoContradiction({ bucket }, { name: 'behind-it' })).toBeUndefined()
    }
  })

  test('has only names under its prefix, none of which was listed before', () => {
    const page = (keys: string[], folders: string[] = []) => ({ keys, folders })
    const of = { bucket: 'evidence', prefix: 'a/' }
    expect(namesContradiction(of, page(['a/1', 'a/2']), 'a/0')).toBeUndefined()
    expect(namesContradiction(of, page(['a/1', 'b/2']), undefined)).toMatch(/outside/)
    expect(namesContradiction(of, page([], ['b/']), undefined)).toMatch(/outside/)
    expect(namesContradiction(of, page(['a/1']), 'a/2')).toMatch(/before/)
    // In the order of UTF-8, where U+FFFD comes before what JavaScript writes with surrogates.
    expect(namesContradiction(of, page(['a/😀']), 'a/\ufffd')).toBeUndefined()
    expect(namesContradiction({ bucket: 'zone--x-s3', prefix: 'a/' }, page(['a/1']), 'a/2')).toBeUndefined()
  })
})

describe('an answer that names what it is about', () => {
  const input = { Bucket: 'evidence', Key: 'k', VersionId: 'v1' }
  const headers = (version: string) => ({ output: {}, headers: { 'x-amz-version-id': version } })

  test('is that to another request where it names another version, source or key', () => {
    expect(foreignAnswer('GetObjectTagging', input, headers('v1'))).toBeUndefined()
    expect(foreignAnswer('GetObjectTagging', input, headers('v2'))).toMatch(/version v2/)
    expect(foreignAnswer('GetObjectTagging', { Bucket: 'evidence', Key: 'k' }, headers('v2'))).toBeUndefined()
    const copy = { Bucket: 'evidence', Key: 'k', CopySource: `evidence/k?versionId=${encodeURIComponent('v/1')}` }
    const copied = (version: string) => ({ output: {}, headers: { 'x-amz-copy-source-version-id': version } })
    expect(foreignAnswer('CopyObject', copy, copied('v/1'))).toBeUndefined()
    expect(foreignAnswer('CopyObject', copy, copied('v2'))).toMatch(/copy of version v2/)
    const begun = (Key: string) => ({ output: { Key, UploadId: 'u' }, headers: {} })
    expect(foreignAnswer('CreateMultipartUpload', input, begun('k'))).toBeUndefined()
    expect(foreignAnswer('CreateMultipartUpload', input, begun('other'))).toMatch(/another key/)
    const page = { output: { Prefix: 'b', EncodingType: 'url', Versions: [{ Key: 'b%2F1' }] }, headers: {} }
    expect(foreignAnswer('ListObjectVersions', { Bucket: 'evidence', Prefix: 'b' }, page)).toBeUndefined()
    expect(foreignAnswer('ListObjectVersions', { Bucket: 'evidence', Prefix: 'a' }, page)).toMatch(/another prefix/)
    const bare = { output: { EncodingType: 'url', DeleteMarkers: [{ Key: 'b%2F1' }] }, headers: {} }
    expect(foreignAnswer('ListObjectVersions', { Bucket: 'evidence', Prefix: 'a' }, bare)).toMatch(/outside/)
  })

  test('refuses for another key where it names one', () => {
    expect(foreignRefusal({ Key: 'k' }, 'k')).toBeUndefined()
    expect(foreignRefusal({ Key: 'other' }, 'k')).toMatch(/another key/)
    expect(foreignRefusal({ Resource: '/evidence/org/k' }, 'org/k')).toBeUndefined()
    expect(foreignRefusal({ Resource: 'evidence/org/k' }, 'org/k')).toBeUndefined()
    expect(foreignRefusal({ Resource: '/evidence/other' }, 'k')).toMatch(/another key/)
    // Names nothing but the bucket, or a key that XML and URLs write differently.
    for (const Resource of ['/evidence', '/evidence/', '/evidence/a%20b']) {
      expect(foreignRefusal({ Resource }, 'a b')).toBeUndefined()
    }
    expect(foreignRefusal({ Resource: '/evidence' }, 'k')).toBeUndefined()
    expect(foreignRefusal({ message: 'no' }, undefined)).toBeUndefined()
  })
})

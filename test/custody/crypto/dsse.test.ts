import { describe, expect, test } from 'vitest'
import { preAuthEncoding } from '#src/custody/crypto/dsse.js'

describe('the pre-authentication encoding', () => {
  test('is that of the published DSSE vector', () => {
    const encoded = preAuthEncoding('http://example.com/HelloWorld', Buffer.from('hello world'))
    expect(encoded.toString()).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world')
  })

  test('counts bytes, not characters', () => {
    expect(preAuthEncoding('t', Buffer.from('ä')).toString()).toBe('DSSEv1 1 t 2 ä')
  })
})

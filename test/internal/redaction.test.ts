import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Redactor } from '#src/internal/redaction/redactor.js'
import { encodings, holds, secrets } from '../fakes/encodings.js'

const around = fc.constantFrom(
  ['', ''],
  ['The token ', ' is not valid.'],
  ['{"message":"', '"}'],
  ['<Message>', '</Message>'],
  ['https://a.example/?state=1&x=', '&y=2#part'],
  ['größe: ', ' – 😀'],
  ['a', 'b'],
) as fc.Arbitrary<[string, string]>

describe.each(Object.entries(encodings))('a secret that is repeated %s', (_, encode) => {
  test('is in no text that leaves, whatever stands around it', () => {
    fc.assert(
      fc.property(secrets, around, (secret, [before, after]) => {
        const redactor = new Redactor()
        redactor.add(secret)
        const text = `${before}${encode(secret)}${after}`
        const clean = redactor.redact(text)
        expect(holds(clean, secret)).toBe(false)
        expect(clean).toContain('[redacted]')
      }),
      { numRuns: 60 },
    )
  })
})

test('a secret in one encoding within another is in no text that leaves', () => {
  const names = Object.keys(encodings)
  fc.assert(
    fc.property(secrets, fc.constantFrom(...names), fc.constantFrom(...names), (secret, inner, outer) => {
      const within = encodings[inner]?.(secret) ?? ''
      // What is encoded as bytes is looked for as it would be written there.
      const isBytes = (name: string) => /base64|in hex/.test(name) && !name.includes('numbers')
      fc.pre(!isBytes(outer) || (/^(as it is|in JSON|percent-encoded)$/.test(inner) && !outer.includes(' of ')))
      fc.pre(!/upper|lower/.test(outer) || !/base64/.test(inner))
      const redactor = new Redactor()
      redactor.add(secret)
      expect(holds(redactor.redact(`before ${encodings[outer]?.(within)} after`), secret)).toBe(false)
    }),
    { numRuns: 1_500 },
  )
})

test('a secret whose escape is undone with the XML around it is found in upper case', () => {
  const secret = '"äöäüäü\\ü😀ä'
  const redactor = new Redactor()
  redactor.add(secret)
  const text = encodings['in XML']?.(secret.toUpperCase()) ?? ''
  expect(holds(redactor.redact(`before ${text} after`), secret)).toBe(false)
})

test('what stands around a secret stays, and so does every text without one', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Z0-9]{20}$/), fc.lorem({ maxCount: 30 }), (secret, words) => {
      const redactor = new Redactor()
      redactor.add(secret)
      expect(redactor.redact(words)).toBe(words)
      expect(redactor.redact(`${words} ${secret}, ${words}`)).toBe(`${words} [redacted], ${words}`)
    }),
  )
})

test('a secret that a limit cuts in two is not shown in half', () => {
  const redactor = new Redactor()
  const secret = 'abcdefghijklmnopqrstuvwxyz0123456789ABCD'
  redactor.add(secret)
  for (let at = 65_480; at < 65_560; at += 1) {
    const clean = redactor.redact(`${'-'.repeat(at)}${secret}${'-'.repeat(100_000)}`)
    expect(clean).not.toContain(secret.slice(0, 8))
    expect(clean.length).toBeLessThan(65_600)
  }
})

test('several secrets are taken out, next to each other and one within the other', () => {
  const redactor = new Redactor()
  redactor.add('first-secret')
  redactor.add('second-secret')
  redactor.add('second-secret-and-more')
  expect(redactor.redact('first-secretsecond-secret')).toBe('[redacted]')
  expect(redactor.redact('first-secret second-secret-and-more.')).toBe('[redacted] [redacted].')
})

describe('a secret that is too short to be one', () => {
  test('of up to three characters is not looked for: every sentence would hold it', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 3 }), fc.lorem(), (secret, words) => {
        const redactor = new Redactor()
        redactor.add(secret)
        expect(redactor.redact(words)).toBe(words)
        expect(redactor.redactData({ words })).toEqual({ words })
      }),
    )
  })

  test('of up to seven counts as a whole word, not as a part of one', () => {
    const redactor = new Redactor()
    redactor.add('test')
    expect(redactor.redact('the latest test failed: test, "test", untested')).toBe(
      'the latest [redacted] failed: [redacted], "[redacted]", untested',
    )
  })
})

test('secrets of the past are forgotten one after the other', () => {
  const redactor = new Redactor()
  for (let at = 0; at < 200; at += 1) redactor.add(`session-token-${String(at).padStart(4, '0')}`)
  expect(redactor.redact('session-token-0199')).toBe('[redacted]')
  expect(redactor.redact('session-token-0100')).toBe('session-token-0100')
})

describe('what looks like a credential, whosever it is', () => {
  test.each([
    ['<Token-0>hunter2-x</Token-0>', '<Token-0>[redacted]</Token-0>'],
    ['<Error><Token-0>hunter2-x', '<Error><Token-0>[redacted]'],
    ['<SecretAccessKey>hunter2-x</SecretAccessKey>', '<SecretAccessKey>[redacted]</SecretAccessKey>'],
    ['<AWSAccessKeyId>AKIAIOSFODNN7EXAMPLE</AWSAccessKeyId>', '<AWSAccessKeyId>[redacted]</AWSAccessKeyId>'],
    ['<StringToSign>AWS4\nhunter2-x</StringToSign>', '<StringToSign>[redacted]</StringToSign>'],
    ['<CanonicalRequest>GET\nhunter2-x</CanonicalRequest>', '<CanonicalRequest>[redacted]</CanonicalRequest>'],
    ['<SignatureProvided>hunter2</SignatureProvided>', '<SignatureProvided>[redacted]</SignatureProvided>'],
    ['clientSecret: hunter2-x', 'clientSecret: [redacted]'],
    ['client-secret=hunter2-x', 'client-secret=[redacted]'],
    ['Client Secret = "hunter2-x"', 'Client Secret = "[redacted]"'],
    ['X-Amz-Security-Token: hunter2-x', 'X-Amz-Security-Token: [redacted]'],
    [
      '?X-Amz-Credential=hunter2-x&X-Amz-Signature=abc123&b',
      '?X-Amz-Credential=[redacted]&X-Amz-Signature=[redacted]&b',
    ],
    [
      'Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20240101/eu-west-1/s3, SignedHeaders=host, Signature=abc',
      'Authorization: [redacted] Credential=[redacted], SignedHeaders=host, Signature=[redacted]',
    ],
    ['Bearer hunter2-x', 'Bearer [redacted]'],
    ['authorization%3A%20Bearer%20hunter2-x', 'authorization%3A%20[redacted]%20[redacted]'],
    ['the key ASIAIOSFODNN7EXAMPLE of', 'the key [redacted] of'],
  ])('%s', (text, clean) => {
    expect(new Redactor().redact(text)).toBe(clean)
  })

  test.each([
    'The AWS Access Key Id you provided does not exist in our records.',
    'The provided token is malformed or otherwise invalid.',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    'The bucket evidence refused the role arn:aws:iam::123456789012:role/export: AccessDenied.',
    'year=2023/month=10/day=20/hour=09/conversation_id=c1/r1.opus_metadata.json',
  ])('is not in: %s', (text) => {
    expect(new Redactor().redact(text)).toBe(text)
  })
})

describe('data', () => {
  test('loses the secrets in it, in names, values and however deep, and nothing else', () => {
    const redactor = new Redactor()
    const secret = 'abcdefghijklmnopqrstuvwxyz'
    redactor.add(secret)
    const data = {
      a: [{ [secret]: `x ${Buffer.from(secret).toString('base64')}` }],
      password: 'password=x',
      n: 1,
      z: null,
    }
    expect(redactor.redactData(data)).toEqual({
      a: [{ '[redacted]': 'x [redacted]' }],
      password: 'password=x',
      n: 1,
      z: null,
    })
  })

  test('without any is the very same', () => {
    const redactor = new Redactor()
    redactor.add('abcdefghijklmnopqrstuvwxyz')
    const data = { id: 'c1', list: [1, { name: 'größe' }] }
    expect(redactor.redactData(data)).toBe(data)
  })

  test('that is deeper than any answer is cut off, not shown', () => {
    const redactor = new Redactor()
    const secret = 'abcdefghijklmnopqrstuvwxyz'
    redactor.add(secret)
    let data: unknown = secret
    for (let depth = 0; depth < 5_000; depth += 1) data = [data]
    expect(JSON.stringify(redactor.redactData(data))).not.toContain(secret)
  })
})

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables as a file names them
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseMatter } from '#src/cli/config/read-file.js'

const read = (text: string, env: Record<string, string> = {}) => parseMatter(text, 'matter.yaml', env)
const mistakesIn = (text: string, env: Record<string, string> = {}) => {
  try {
    read(text, env)
  } catch (error) {
    return (error as Error).message.split('\n')
  }
  return []
}

describe('matter.yaml', () => {
  test('is read with variables in their places, and numbers and flags may be variables too', () => {
    const text = `
hold: { tag: matter-7 }
genesys:
  clientSecret: \${SECRET}
  timeoutMs: \${TIMEOUT}
  protectSource: \${PROTECT}
request:
  interval: 2023-10-01T00:00:00Z/2023-10-03T00:00:00Z
  mediaTypes: [call, "\${MEDIUM}"]
onUnindexed: wait
`
    const { matter, unset, plainSecrets } = read(text, {
      SECRET: 's: #3',
      TIMEOUT: '5000',
      PROTECT: 'true',
      MEDIUM: 'chat',
    })
    expect(matter).toEqual({
      hold: { tag: 'matter-7' },
      genesys: { clientSecret: 's: #3', timeoutMs: 5000, protectSource: true },
      request: { interval: '2023-10-01T00:00:00Z/2023-10-03T00:00:00Z', mediaTypes: ['call', 'chat'] },
      onUnindexed: 'wait',
    })
    expect({ unset, plainSecrets }).toEqual({ unset: [], plainSecrets: [] })
  })

  test('keeps what only looks like a variable', () => {
    expect(read('hold: { reason: "costs $${A} and $5" }').matter).toEqual({ hold: { reason: 'costs ${A} and $5' } })
  })

  test('remembers each variable that is not set, with line and path', () => {
    const { unset } = read('genesys:\n  clientId: ${ID}\n  clientSecret: ${SECRET}\n', { ID: '' })
    expect(unset).toEqual([
      { name: 'ID', path: 'genesys.clientId', line: 2 },
      { name: 'SECRET', path: 'genesys.clientSecret', line: 3 },
    ])
  })

  test('names every mistake, each with its line and path', () => {
    const text = `hold:
  tagg: a
s3:
  bucket: b
  maxSockets: many
genesys:
  surface: recording-job
  protectSource: yes
accept:
  - code: versioning-off
  - code: interval-not-indexd
    reason: waits
requirments: {}
request:
  conversationIds: one
`
    expect(mistakesIn(text)).toEqual([
      'matter.yaml:2: hold.tagg is not known; did you mean tag?',
      'matter.yaml:5: s3.maxSockets must be a number',
      'matter.yaml:7: genesys.surface must be one of recording-jobs, bulk-exports; did you mean recording-jobs?',
      'matter.yaml:8: genesys.protectSource must be true or false',
      'matter.yaml:10: accept[0] lacks reason',
      'matter.yaml:11: accept[1].code must be one of the words in the schema; did you mean interval-not-indexed?',
      'matter.yaml:13: requirments is not known; did you mean requirements?',
      'matter.yaml:15: request.conversationIds must be a list',
    ])
  })

  test('says that a text which YAML takes for something else needs quotes', () => {
    expect(mistakesIn('hold:\n  tag: 2023\n  matter: true\n')).toEqual([
      'matter.yaml:2: hold.tag must be a text: put it in quotes',
      'matter.yaml:3: hold.matter must be a text: put it in quotes',
    ])
  })

  test.each([
    ['a key that is there twice', 'hold: { tag: a }\nhold: { tag: b }\n', /^matter\.yaml:2: a key is there twice$/],
    ['a quote without an end', 'hold:\n  tag: "a\n', /^matter\.yaml:\d+: a character is missing/],
    ['a tab', 'hold:\n\ttag: a\n', /^matter\.yaml:2: a tab is not valid indentation/],
    ['two documents', 'hold: {}\n---\nhold: {}\n', /one document only/],
    ['a list for the whole', '- a\n', /^matter\.yaml:1: must be a section/],
  ])('says what is wrong with %s', (_, text, expected) => {
    expect(mistakesIn(text).join('\n')).toMatch(expected)
  })

  test('tells of a secret that stands in it, and repeats none', () => {
    const secret = 'hunter2-hunter2'
    expect(read(`genesys: { clientSecret: ${secret} }`).plainSecrets).toEqual(['genesys.clientSecret'])
    for (const text of [
      `genesys:\n  clientSecret: { ${secret}: 1 }`,
      `genesys:\n  clientSecret: *${secret}`,
      `genesys:\n  clientSecret: "${secret}`,
      `genesys:\n  surface: ${secret}`,
      `genesys:\n  clientSecret: !${secret} a`,
      `genesys:\n  timeoutMs: ${secret}`,
      `genesys:\n  clientSecret: a: ${secret}`,
    ]) {
      const told = mistakesIn(text).join('\n')
      expect(told, text).not.toBe('')
      expect(told, text).not.toContain(secret)
    }
    const fromVariable = mistakesIn('genesys:\n  timeoutMs: ${SECRET}\n  surface: ${SECRET}\n', {
      SECRET: secret,
    }).join('\n')
    expect(fromVariable).toContain('the variable holds something else')
    expect(fromVariable).not.toContain(secret)
  })

  test('is read or refused, whatever it is, and never otherwise', () => {
    const pieces = [
      'hold:',
      ' tag',
      ': ',
      '\n',
      '  ',
      '- ',
      '${A}',
      '"',
      "'",
      '{',
      '}',
      '[',
      ']',
      '&a',
      '*a',
      '#',
      '!x',
      '\t',
      '|',
      '1',
      'é',
    ]
    const texts = fc.array(fc.constantFrom(...pieces), { maxLength: 30 }).map((all) => all.join(''))
    fc.assert(fc.property(texts, (text) => mistakesIn(text).every((line) => line.startsWith('matter.yaml:'))))
  })
})

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables as a file names them
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { Matter } from '#src/cli/config/matter-fields.js'
import { matterSchema } from '#src/cli/config/schema.js'
import { matterText } from '#src/cli/config/template.js'

const shipped = JSON.parse(readFileSync(new URL('../../../schemas/matter.schema.json', import.meta.url), 'utf8'))

describe('schemas/matter.schema.json', () => {
  const validate = new Ajv2020({ allErrors: true, strict: true }).compile(shipped)

  test('is what `npm run schema` writes, and says what each key is for', () => {
    expect(shipped).toEqual(matterSchema())
    expect(JSON.stringify(shipped)).not.toContain('"description":""')
  })

  test('accepts what init writes, and refuses a key that is not known', () => {
    const matter: Matter = {
      hold: { tag: 'matter-7', matter: 'Doe v. Acme: "the ${first}" one' },
      genesys: { region: 'eu-west-1' },
      s3: { bucket: 'b', region: 'eu-west-1' },
      request: { integrationId: 'i', interval: 'a/b', mediaTypes: ['call', 'chat'] },
      requirements: { tags: { 'legal-hold': 'matter-7' }, legalHold: true },
      notify: { webhook: { url: 'https://example.com/hook' } },
    }
    expect(validate(parse(matterText(matter))), JSON.stringify(validate.errors)).toBe(true)
    expect(validate({ hold: { tag: 'a', tagg: 'b' } })).toBe(false)
    expect(validate({ genesys: { timeoutMs: '${T}' }, s3: { maxSockets: 'many' } })).toBe(false)
    expect(validate({ genesys: { timeoutMs: '${T}' }, accept: [{ code: 'versioning-off', reason: 'r' }] })).toBe(true)
  })
})

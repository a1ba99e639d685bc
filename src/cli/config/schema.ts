import type { Field } from './field.js'
import { matterFields } from './matter-fields.js'

type Json = { readonly [name: string]: unknown }

/** A variable in the place of a value that is not a text. */
const variable: Json = { type: 'string', pattern: '^\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}$' }

/** The JSON Schema of matter.yaml. `schemas/matter.schema.json` is this, and a test compares the two. */
export function matterSchema(): Json {
  const { description, ...rest } = schemaOf(matterFields)
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'matter.yaml of genesys-legal-hold-exporter',
    description: `${description} \${NAME} in a text stands for a variable of the environment.`,
    ...rest,
  }
}

function schemaOf(field: Field): Json {
  const description = field.about
  switch (field.kind) {
    case 'text':
      return { description, type: 'string' }
    case 'number':
      return { description, anyOf: [{ type: 'number' }, variable] }
    case 'flag':
      return { description, anyOf: [{ type: 'boolean' }, variable] }
    case 'words':
      return { description, anyOf: [{ enum: field.words }, variable] }
    case 'list':
      return { description, type: 'array', items: schemaOf(field.of) }
    case 'table':
      return { description, type: 'object', additionalProperties: schemaOf(field.of) }
    case 'either':
      return { description, anyOf: field.of.map(schemaOf) }
    case 'object': {
      const properties = Object.fromEntries(Object.entries(field.members).map(([name, one]) => [name, schemaOf(one)]))
      const required = field.required.length === 0 ? {} : { required: field.required }
      return { description, type: 'object', additionalProperties: false, ...required, properties }
    }
  }
}

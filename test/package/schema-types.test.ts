import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Member, membersOf, type Shape } from './type-shape.js'

type Schema = { readonly [name: string]: unknown }

const load = (name: string): Schema =>
  JSON.parse(readFileSync(new URL(`../../schemas/${name}.schema.json`, import.meta.url), 'utf8'))
const record = load('journal-record')
const report = load('report')

/** Members that this version always writes, and that records of earlier versions lack. */
const onceLeftOut = ['protection.requested']

const schemaOf = (value: unknown): Schema => (typeof value === 'object' && value !== null ? (value as Schema) : {})

/** Compares types with a schema, member by member, in both directions. */
class Comparison {
  readonly differences: string[] = []
  readonly #root: Schema
  readonly #seen = new Set<unknown>()

  constructor(root: Schema) {
    this.#root = root
  }

  compare(shape: Shape, schema: Schema, path: string): void {
    if (schema.$ref !== undefined) {
      const name = String(schema.$ref).replace('#/$defs/', '')
      if (this.#seen.has(name)) return
      this.#seen.add(name)
      this.compare(shape, schemaOf(schemaOf(this.#root.$defs)[name]), path)
      return
    }
    const branches = [schema.anyOf, schema.oneOf].flatMap((all) => (Array.isArray(all) ? all.map(schemaOf) : []))
    if (branches.length > 0) {
      this.#branches(shape, branches, path)
      return
    }
    const kind = kindOf(schema)
    const isOpen = shape.kind === 'words' || (shape.kind === 'either' && shape.of.every((one) => one.kind !== 'object'))
    if (kind === 'text' && isOpen) return
    if (kind !== shape.kind) this.differences.push(`${path}: the type is ${shape.kind}, the schema says ${kind}`)
    else if (shape.kind === 'words') this.#words(shape.words, schema, path)
    else if (shape.kind === 'list') this.compare(shape.of, schemaOf(schema.items), `${path}[]`)
    else if (shape.kind === 'table') this.compare(shape.of, schemaOf(schema.additionalProperties), `${path}.*`)
    else if (shape.kind === 'object') this.members(shape.members, schema, path)
  }

  members(members: ReadonlyMap<string, Member>, schema: Schema, path: string): void {
    const properties = schemaOf(schema.properties)
    const required = Array.isArray(schema.required) ? schema.required : []
    for (const name of Object.keys(properties)) {
      if (!members.has(name)) this.differences.push(`${path}.${name}: the type has no such member`)
    }
    for (const [name, { shape, isOptional }] of members) {
      const here = `${path}.${name}`
      if (!Object.hasOwn(properties, name)) {
        this.differences.push(`${here}: the schema has no such property`)
        continue
      }
      // JSON leaves out what is `undefined`, which an unknown value may be.
      const isLeftOut = isOptional || shape.kind === 'anything'
      if (required.includes(name) === isLeftOut && !onceLeftOut.includes(here)) {
        this.differences.push(`${here}: ${isLeftOut ? 'may be left out' : 'is always there'}, and the schema differs`)
      }
      this.compare(shape, schemaOf(properties[name]), here)
    }
  }

  #branches(shape: Shape, branches: readonly Schema[], path: string): void {
    const parts = shape.kind === 'either' ? shape.of : [shape]
    const left = [...branches]
    for (const part of parts) {
      const fits = left.findIndex((branch) => {
        const trial = new Comparison(this.#root)
        trial.compare(part, branch, path)
        return trial.differences.length === 0
      })
      if (fits < 0) this.differences.push(`${path}: no branch of the schema is that of the type's ${part.kind}`)
      else left.splice(fits, 1)
    }
    if (left.length > 0) this.differences.push(`${path}: ${left.length} branches of the schema are not of the type`)
  }

  #words(words: readonly unknown[], schema: Schema, path: string): void {
    const given = 'const' in schema ? [schema.const] : (schema.enum as unknown[])
    const sorted = (all: readonly unknown[]) => all.map((one) => JSON.stringify(one)).sort()
    if (sorted(words).join() !== sorted(given).join()) {
      this.differences.push(`${path}: the type knows ${words}, the schema ${given}`)
    }
  }
}

function kindOf(schema: Schema): Shape['kind'] | undefined {
  if ('const' in schema || 'enum' in schema) return 'words'
  if (schema.type === 'string') return 'text'
  if (schema.type === 'integer' || schema.type === 'number') return 'number'
  if (schema.type === 'boolean') return 'flag'
  if (schema.type === 'array') return 'list'
  if (schema.type === 'object') return schema.additionalProperties === undefined ? 'object' : 'table'
  return Object.keys(schema).length === 0 ? 'anything' : undefined
}

/** What the schema says of the data of a type of record. */
function dataSchemaOf(type: string): Schema {
  const all = Array.isArray(record.allOf) ? record.allOf.map(schemaOf) : []
  const found = all.find((one) => schemaOf(schemaOf(schemaOf(one.if).properties).type).const === type)
  return schemaOf(schemaOf(schemaOf(found?.then).properties).data)
}

function differencesOf(members: ReadonlyMap<string, Member>, root: Schema, schema: Schema, path: string): string[] {
  const comparison = new Comparison(root)
  comparison.members(members, schema, path)
  return comparison.differences
}

const data = membersOf('journal/records.ts', 'JournalData')
const dataOf = (type: string): ReadonlyMap<string, Member> => {
  const shape = data.get(type)?.shape
  if (shape?.kind !== 'object') throw new Error(`${type} has no data`)
  return shape.members
}
const resolved = (schema: Schema): Schema =>
  schema.$ref === undefined ? schema : schemaOf(schemaOf(record.$defs)[String(schema.$ref).replace('#/$defs/', '')])

describe('the schema of a journal record says what the types say', () => {
  test('of the same types of records', () => {
    const types = schemaOf(schemaOf(record.properties).type).enum
    expect(types).toEqual(expect.arrayContaining([...data.keys()]))
    expect(types).toHaveLength(data.size)
  })

  test.each([...data.keys()].filter((type) => type !== 'report'))('in a record %s', (type) => {
    expect(differencesOf(dataOf(type), record, resolved(dataSchemaOf(type)), type)).toEqual([])
  })

  test('in the report, which has a schema of its own', () => {
    expect(differencesOf(dataOf('report'), report, report, 'report')).toEqual([])
  })

  test('and a member that only one of them has is found, however deep it is', () => {
    const schema = structuredClone(resolved(dataSchemaOf('verdict')))
    const more = { ...schema, properties: { ...schemaOf(schema.properties), added: { type: 'string' } } }
    expect(differencesOf(dataOf('verdict'), record, more, 'verdict')).toEqual([
      'verdict.added: the type has no such member',
    ])
    const { place, ...rest } = schemaOf(schema.properties)
    expect(differencesOf(dataOf('verdict'), record, { ...schema, properties: rest }, 'verdict')).toEqual([
      'verdict.place: the schema has no such property',
    ])
    const state = structuredClone(schemaOf(schemaOf(record.$defs).state))
    const { etag, ...properties } = schemaOf(state.properties)
    const changed = { ...record, $defs: { ...schemaOf(record.$defs), state: { ...state, properties } } }
    expect(differencesOf(dataOf('verdict'), changed, schema, 'verdict')).toEqual([
      'verdict.before.etag: the schema has no such property',
    ])
  })
})

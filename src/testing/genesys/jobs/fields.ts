import { badRequest, isObject, type JsonObject } from '../http.js'

/** A field of a body: its form. */
export type FieldForm = 'text' | 'number' | 'flag' | 'object' | 'objects' | 'texts'

const forms: Readonly<Record<FieldForm, (value: unknown) => boolean>> = {
  text: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number' && Number.isFinite(value),
  flag: (value) => typeof value === 'boolean',
  object: isObject,
  objects: (value) => Array.isArray(value) && value.every(isObject),
  texts: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
}

/**
 * Refuses a body with a property that its model does not have, or with one of another form: Genesys names the field and
 * answers 400. A property that is null counts as left out.
 */
export function checkFields(body: JsonObject, model: string, fields: Readonly<Record<string, FieldForm>>): void {
  for (const [name, value] of Object.entries(body)) {
    const form = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (form === undefined) {
      throw badRequest(
        `Unrecognized field "${name}" (Class ${model}), not marked as ignorable.`,
        'unrecognized.property',
      )
    }
    if (value !== null && value !== undefined && !forms[form](value)) {
      throw badRequest(`The field "${name}" of ${model} is not of the form ${form}.`)
    }
  }
}

/** One of a closed set of words, in its own spelling; `undefined` if it is left out. */
export function wordOf(body: JsonObject, name: string, words: ReadonlySet<string>): string | undefined {
  const value = body[name]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string' && words.has(value)) return value
  throw badRequest(
    `${name} must be one of ${[...words].slice(0, 8).join(', ')}${words.size > 8 ? ', …' : ''}, but is ${String(value)}.`,
  )
}

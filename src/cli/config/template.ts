import { toolVersion } from '../../internal/package/version.js'
import type { Field, ObjectField } from './field.js'
import { type Matter, matterFields } from './matter-fields.js'
import { variable } from './variables.js'

const schemaUrl = `https://unpkg.com/genesys-legal-hold-exporter@${toolVersion}/schemas/matter.schema.json`

/** Secrets are named by the variables that hold them. */
const credentials = { clientId: variable('GENESYS_CLIENT_ID'), clientSecret: variable('GENESYS_CLIENT_SECRET') }
const webhookSecret = variable('NOTIFY_SECRET')

/** A matter as a file with comments: what is said, and behind it every other key with what it is for. */
export function matterText(matter: Matter): string {
  const { genesys, ...rest } = matter
  const { clientId: _, clientSecret: __, accessToken: ___, ...connection } = genesys ?? {}
  const webhook = matter.notify?.webhook
  const notify =
    webhook === undefined
      ? {}
      : {
          notify: {
            ...(escaped(matter.notify) as Record<string, unknown>),
            webhook: { url: escaped(webhook.url), secret: webhookSecret },
          },
        }
  const said: Record<string, unknown> = {
    ...(escaped(rest) as Record<string, unknown>),
    genesys: { ...credentials, ...(escaped(connection) as Record<string, unknown>) },
    ...notify,
  }
  const lines = [
    `# yaml-language-server: $schema=${schemaUrl}`,
    '# One matter. Check it with: genesys-legal-hold-exporter doctor --config FILE',
    `# ${variable('NAME')} stands for a variable of the environment: no secret belongs in this file.`,
    ...sectionLines(matterFields, said, ''),
  ]
  return `${lines.join('\n')}\n`
}

/** Keys that are said come with their sections; the others as comments, at the end of their section. */
function sectionLines(field: ObjectField, said: Readonly<Record<string, unknown>>, indent: string): string[] {
  const lines: string[] = []
  const unsaid: string[] = []
  for (const [name, member] of Object.entries(field.members)) {
    const value = said[name]
    if (value === undefined) {
      unsaid.push(`${indent}# ${name}: ${formOf(member)}  # ${member.about}`)
      continue
    }
    const form = formFor(member, value)
    if (indent === '') lines.push('')
    if (form.kind === 'object' && isSection(value)) {
      lines.push(`${indent}# ${member.about}`, `${indent}${name}:`, ...sectionLines(form, value, `${indent}  `))
    } else lines.push(...valueLines(name, value, { indent, about: member.about }))
  }
  if (unsaid.length > 0 && indent === '') lines.push('', '# What else can be said:')
  return [...lines, ...unsaid]
}

function valueLines(
  name: string,
  value: unknown,
  place: { readonly indent: string; readonly about: string },
): string[] {
  const { indent, about } = place
  if (Array.isArray(value)) {
    return [`${indent}# ${about}`, `${indent}${name}:`, ...value.map((item) => `${indent}  - ${itemText(item)}`)]
  }
  if (isSection(value)) {
    const entries = Object.entries(value).map(([key, one]) => `${indent}  ${scalar(key)}: ${scalar(one)}`)
    return [`${indent}# ${about}`, `${indent}${name}:`, ...entries]
  }
  return [`${indent}${name}: ${scalar(value)}  # ${about}`]
}

/** A flow map is JSON, which is YAML. */
function itemText(item: unknown): string {
  return isSection(item) ? JSON.stringify(item) : scalar(item)
}

/** The form of several that a value is of. */
function formFor(field: Field, value: unknown): Field {
  if (field.kind !== 'either') return field
  return field.of.find(({ kind }) => (kind === 'object') === isSection(value)) ?? field
}

function formOf(field: Field): string {
  switch (field.kind) {
    case 'words':
      return field.words.length > 8 ? '…' : field.words.join(' | ')
    case 'flag':
      return 'true | false'
    case 'number':
      return 'NUMBER'
    case 'list':
      return '[…]'
    case 'object':
    case 'table':
      return '{…}'
    case 'either':
      return field.of.map(formOf).join(' | ')
    default:
      return 'TEXT'
  }
}

function isSection(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const plainWord = /^[A-Za-z][A-Za-z0-9_.@/-]{0,200}$/
const wordsOfYaml = new Set(['true', 'false', 'null', 'yes', 'no', 'on', 'off', 'y', 'n'])

function scalar(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value)
  const isVariable = Object.values({ ...credentials, webhookSecret }).includes(value)
  const isPlain = isVariable || (plainWord.test(value) && !wordsOfYaml.has(value.toLowerCase()))
  return isPlain ? value : JSON.stringify(value)
}

/** What looks like a variable in an answer is none. */
function escaped(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('${', '$${')
  if (Array.isArray(value)) return value.map(escaped)
  if (!isSection(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, escaped(one)]))
}

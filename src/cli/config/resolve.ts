import { resolve } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { ArgumentError, type Given, textOfFile } from '../arguments.js'
import type { Terminal } from '../terminal.js'
import type { Matter } from './matter-fields.js'
import { type MatterFile, readMatterFile, type UnsetVariable } from './read-file.js'
import { notifySettings, type Setting, scaleSettings, secretVariables, settings } from './settings.js'

/** A matter, with where each part of it was said. */
export interface Resolved {
  readonly matter: Matter
  /** Absent if there is no file: everything is flags and variables. */
  readonly file: MatterFile | undefined
  /** Folder that journal, report and evidence lie in by default. */
  readonly folder: string
  /** What a person should know of how it was read. */
  readonly notes: readonly string[]
  /** Variables of the file that are not set, except for those of keys that were said otherwise. */
  readonly unset: readonly UnsetVariable[]
}

/** A section while it is put together. */
type Draft = { [name: string]: unknown }

/**
 * Reads a matter: the file of `--config`, then the environment, then the flags.
 *
 * @throws ArgumentError
 */
export async function resolveMatter(given: Given, terminal: Terminal): Promise<Resolved> {
  const { env } = terminal
  const named = given.text('config')
  const file = named === undefined ? undefined : await readMatterFile(named, env)
  const draft = structuredClone(file?.matter ?? {}) as Draft
  const said = new Set<string>()
  const notes = (file?.plainSecrets ?? []).map(
    (path) => `${path} is in ${named} as plain text; \${NAME} keeps a secret out of the file.`,
  )
  for (const setting of [...settings, ...scaleSettings, ...notifySettings, ...secretVariables]) {
    const value = saidBy(setting, given, env)
    // A token is another login than a client: a variable that happens to be set does not make two of one.
    const isOtherLogin = file?.matter.genesys?.accessToken !== undefined && setting.path.startsWith('genesys.client')
    if (value === undefined || isOtherLogin) continue
    const before = at(draft, setting.path)
    const isOther = before !== undefined && JSON.stringify(before) !== JSON.stringify(value.value)
    if (value.by !== undefined && isOther) notes.push(`${value.by} overrides ${setting.path} of ${named}.`)
    put(draft, setting.path, value.value)
    said.add(setting.path)
  }
  const matter = draft as Matter
  const ids = await conversationIds(given, matter, terminal)
  if (ids !== undefined) put(draft, 'request.conversationIds', ids)
  const isSaid = ({ path }: UnsetVariable) => [...said].some((one) => path === one || path.startsWith(`${one}.`))
  return {
    matter,
    file,
    folder: file?.folder ?? resolve('.'),
    notes,
    unset: (file?.unset ?? []).filter((one) => !isSaid(one)),
  }
}

/** What a flag or a variable says; `by` is the variable's name, since a flag was typed on purpose. */
function saidBy(
  setting: Pick<Setting, 'path' | 'form'> & Partial<Setting>,
  given: Given,
  env: Terminal['env'],
): { readonly value: unknown; readonly by?: string } | undefined {
  const { flag, form, variable } = setting
  if (flag !== undefined && (form === 'on' || form === 'off'))
    return given.flag(flag) ? { value: form === 'on' } : undefined
  if (flag !== undefined && form === 'pair') {
    const pairs = given.list(flag).map((item) => pairOf(flag, item))
    return pairs.length === 0 ? undefined : { value: Object.fromEntries(pairs) }
  }
  const typed = flag === undefined ? undefined : given.text(flag)
  const set = variable === undefined ? undefined : env[variable]
  const text = typed ?? (set === '' ? undefined : set)
  if (text === undefined) return undefined
  const value = form === 'list' ? listOf(text) : form === 'media' && text !== 'digital' ? listOf(text) : text
  return typed === undefined && variable !== undefined ? { value, by: variable } : { value }
}

function pairOf(flag: string, item: string): [string, string] {
  const at = item.indexOf('=')
  if (at <= 0) throw new ArgumentError(`--${flag} takes NAME=VALUE, not ${JSON.stringify(item)}.`)
  return [item.slice(0, at), item.slice(at + 1)]
}

/** Items of a list with commas between them. */
export function listOf(text: string): string[] {
  return text.split(',').map((item) => item.trim())
}

function at(draft: Draft, path: string): unknown {
  return path.split('.').reduce<unknown>((section, name) => (section as Draft | undefined)?.[name], draft)
}

/** Puts a value at a path; sections on the way are made, and none is shared with another draft. */
export function put(draft: Draft, path: string, value: unknown): void {
  const names = path.split('.')
  const last = names.pop() ?? path
  let at = draft
  for (const name of names) {
    const next = { ...(at[name] as Draft | undefined) }
    at[name] = next
    at = next
  }
  at[last] = value
}

async function conversationIds(
  given: Given,
  { request }: Matter,
  terminal: Terminal,
): Promise<readonly string[] | undefined> {
  const source = given.text('conversation-ids-from') ?? request?.conversationIdsFrom
  if (source === undefined) return undefined
  const lines = await linesFrom('conversation-ids-from', source, terminal)
  if (lines.length === 0) throw new ArgumentError(`${source} names no conversation.`)
  return [...new Set([...(request?.conversationIds ?? []), ...lines])]
}

/** The lines of a file, or of standard input for `-`; empty ones and comments are left out. */
export async function linesFrom(flag: string, source: string, { input }: Terminal): Promise<string[]> {
  if (source === '-' && input === undefined)
    throw new ArgumentError(`--${flag} - reads standard input, and there is none.`)
  const text = source === '-' && input !== undefined ? await textOf(input) : await textOfFile(flag, source)
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
}

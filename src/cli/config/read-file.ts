import { dirname, resolve } from 'node:path'
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import { didYouMean } from '../../internal/text/closest.js'
import { ArgumentError, textOfFile } from '../arguments.js'
import type { Field, ObjectField } from './field.js'
import { type Matter, matterFields } from './matter-fields.js'
import { type FileMistake, MatterFileError } from './mistakes.js'
import { substitute } from './variables.js'

/** A variable that a value needs and that is not set. */
export interface UnsetVariable {
  readonly name: string
  readonly path: string
  readonly line: number
}

/** What a file says. */
export interface MatterFile {
  /** As it was named. */
  readonly file: string
  /** Folder that relative paths of the file start from. */
  readonly folder: string
  readonly matter: Matter
  /** Asked about once it is known what the command needs. */
  readonly unset: readonly UnsetVariable[]
  /** Secrets that the file contains as plain text, by their paths. */
  readonly plainSecrets: readonly string[]
  lineOf(path: string): number | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

/** Larger than any matter: nobody waits for the parser to read a recording. */
const mostBytes = 4_194_304

/** @throws ArgumentError with every mistake, by line and path */
export async function readMatterFile(file: string, env: Environment): Promise<MatterFile> {
  const text = await textOfFile('config', file, 'The command init writes one.')
  if (text.length > mostBytes) throw new ArgumentError(`--config ${file} is too large to be a matter.`)
  return parseMatter(text, file, env)
}

/** @throws ArgumentError with every mistake, by line and path */
export function parseMatter(text: string, file: string, env: Environment): MatterFile {
  const reader = new Reader(text, env)
  const matter = reader.read()
  if (reader.mistakes.length > 0) throw new MatterFileError(file, reader.mistakes)
  const { unset, plainSecrets, lines } = reader
  const folder = dirname(resolve(file))
  return { file, folder, matter, unset, plainSecrets, lineOf: (path) => nearest(lines, path) }
}

/** The line of a key; of what it is in, where it is not there itself. */
function nearest(lines: ReadonlyMap<string, number>, path: string): number | undefined {
  for (
    let at = path.replaceAll('[', '.').replaceAll(']', '');
    at !== '';
    at = at.slice(0, Math.max(0, at.lastIndexOf('.')))
  ) {
    const line = lines.get(at)
    if (line !== undefined) return line
  }
  return undefined
}

/** What the parser says may quote the file, and so a secret. */
const yamlProblems: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'a key is there twice',
  TAB_AS_INDENT: 'a tab is not valid indentation in YAML: use spaces',
  BAD_INDENT: 'the indentation does not fit',
  MISSING_CHAR:
    'a character is missing, perhaps a quote or a colon; a variable needs quotes between [ ] and between { }',
  UNEXPECTED_TOKEN: 'something is here that does not belong here, perhaps a value that needs quotes',
  MULTILINE_IMPLICIT_KEY: 'a key must be on one line, perhaps a colon is missing',
  BAD_SCALAR_START: 'a value that begins like this needs quotes',
  MULTIPLE_DOCS: 'there must be one document only',
  TAG_RESOLVE_FAILED: 'tags are not known here',
}

class Reader {
  readonly mistakes: FileMistake[] = []
  readonly unset: UnsetVariable[] = []
  readonly plainSecrets: string[] = []
  readonly lines = new Map<string, number>()
  readonly #env: Environment
  readonly #counter = new LineCounter()
  readonly #document: Document.Parsed

  constructor(text: string, env: Environment) {
    this.#env = env
    this.#document = parseDocument(text, { lineCounter: this.#counter, prettyErrors: false })
  }

  read(): Matter {
    for (const { code, pos } of [...this.#document.errors, ...this.#document.warnings]) {
      const problem = yamlProblems[code] ?? `this is not valid YAML (${code})`
      this.mistakes.push({ line: this.#counter.linePos(pos[0]).line, path: '', problem })
    }
    if (this.mistakes.length > 0 || this.#document.contents === null) return {}
    return (this.#value(this.#document.contents, matterFields, '') ?? {}) as Matter
  }

  #value(given: unknown, field: Field, path: string): unknown {
    const node = isAlias(given) ? given.resolve(this.#document) : (given as Node | null)
    if (isAlias(given) && node === undefined) return this.#wrong(given, path, 'refers to an anchor that is not there')
    // `key:` without a value is a key that is not given.
    if (node == null || (isScalar(node) && node.value === null)) return undefined
    if (field.kind === 'either') return this.#either(node, field.of, path)
    if (field.kind === 'object' || field.kind === 'table') {
      if (!isMap(node)) return this.#wrong(node, path, 'must be a section of keys and values')
      return field.kind === 'object' ? this.#object(node, field, path) : this.#table(node, field.of, path)
    }
    if (field.kind === 'list') {
      if (!isSeq(node)) return this.#wrong(node, path, 'must be a list')
      return node.items.map((item, at) => this.#value(item, field.of, `${path}.${at}`))
    }
    if (!isScalar(node)) return this.#wrong(node, path, 'must be a single value')
    return this.#scalar(node, node.value, field, path)
  }

  #object(node: Node, field: ObjectField, path: string): Record<string, unknown> {
    const found: Record<string, unknown> = {}
    const known = Object.keys(field.members)
    for (const { name, value, line } of this.#pairs(node, path)) {
      const at = path === '' ? name : `${path}.${name}`
      const member = Object.hasOwn(field.members, name) ? field.members[name] : undefined
      if (member === undefined) {
        const hint = didYouMean(name, known) || `; known are ${known.join(', ')}`
        this.mistakes.push({ line, path: shownPath(at), problem: `is not known${hint}` })
        continue
      }
      const read = this.#value(value, member, at)
      if (read !== undefined) found[name] = read
    }
    for (const name of field.required) {
      const isThere = this.lines.has(path === '' ? name : `${path}.${name}`)
      if (!isThere) this.#wrong(node, path, `lacks ${name}`)
    }
    return found
  }

  #table(node: Node, of: Field, path: string): Record<string, unknown> {
    const entries = [...this.#pairs(node, path)].map(({ name, value }) => [
      name,
      this.#value(value, of, `${path}.${name}`),
    ])
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
  }

  *#pairs(
    node: Node,
    path: string,
  ): Generator<{ readonly name: string; readonly value: unknown; readonly line: number }> {
    if (!isMap(node)) return
    for (const { key, value } of node.items) {
      if (!isScalar(key)) {
        this.#wrong(node, path, 'has a key that is not text')
        continue
      }
      const name = String(key.value)
      const line = this.#lineOf(key)
      this.lines.set(path === '' ? name : `${path}.${name}`, line)
      yield { name, value, line }
    }
  }

  /** The form that fits; otherwise the mistakes of the one that comes nearest. */
  #either(node: Node, forms: readonly Field[], path: string): unknown {
    const isOfKind = ({ kind }: Field) =>
      isMap(node)
        ? kind === 'object' || kind === 'table'
        : isSeq(node)
          ? kind === 'list'
          : !['object', 'table', 'list'].includes(kind)
    const fitting = forms.filter(isOfKind)
    const [form] = fitting
    if (form === undefined) return this.#wrong(node, path, `must be ${forms.map(formName).join(' or ')}`)
    return this.#value(node, form, path)
  }

  #scalar(node: Node, raw: unknown, field: Field, path: string): unknown {
    const line = this.#lineOf(node)
    if (typeof raw !== 'string') {
      if (field.kind === typeOf(raw)) return raw
      const advice = field.kind === 'text' || field.kind === 'words' ? ': put it in quotes' : ''
      return this.#wrong(node, path, `must be ${formName(field)}${advice}`)
    }
    const { text, unset, hasVariable } = substitute(raw, this.#env)
    if (field.kind === 'text' && field.holds === 'secret' && !hasVariable && text !== '') this.plainSecrets.push(path)
    if (unset.length > 0) {
      this.unset.push(...unset.map((name) => ({ name, path, line })))
      return undefined
    }
    if (field.kind === 'text') return text
    if (field.kind === 'words') {
      if (field.words.includes(text)) return text
      // A word is no secret, but what stands in its place may be one that slipped into the wrong line.
      const hint = hasVariable ? '' : didYouMean(text, field.words)
      return this.#wrong(node, path, `must be ${formName(field)}${hint}`)
    }
    const plain = hasVariable ? plainOf(text) : undefined
    if (plain !== undefined && field.kind === typeOf(plain)) return plain
    return this.#wrong(
      node,
      path,
      `must be ${formName(field)}${hasVariable ? ', and the variable holds something else' : ''}`,
    )
  }

  #wrong(node: Node, path: string, problem: string): undefined {
    this.mistakes.push({ line: this.#lineOf(node), path: shownPath(path), problem })
    return undefined
  }

  #lineOf(node: Node): number {
    return this.#counter.linePos(node.range?.[0] ?? 0).line
  }
}

/** A key that is none may be a secret that slipped into its place. */
function shownPath(path: string): string {
  if (path === '') return ''
  const parts = path.split('.').map((part) => (/^[\w-]{1,40}$/.test(part) ? part : '…'))
  return parts.join('.').replace(/\.(\d+)(?=\.|$)/g, '[$1]')
}

function typeOf(value: unknown): 'number' | 'flag' | undefined {
  if (typeof value === 'boolean') return 'flag'
  return typeof value === 'number' && Number.isFinite(value) ? 'number' : undefined
}

function plainOf(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true'
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined
}

function formName(field: Field): string {
  switch (field.kind) {
    case 'number':
      return 'a number'
    case 'flag':
      return 'true or false'
    case 'words':
      return field.words.length > 8 ? 'one of the words in the schema' : `one of ${field.words.join(', ')}`
    case 'list':
      return 'a list'
    case 'object':
    case 'table':
      return 'a section of keys and values'
    default:
      return 'a text'
  }
}

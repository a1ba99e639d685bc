import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { S3Error } from './errors.js'

/** An element of a request body. Attributes are kept by their qualified names. */
export interface XmlElement {
  /** Local name, without a namespace prefix. */
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  readonly children: readonly XmlElement[]
  readonly text: string
}

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  // Entities are resolved below: the parser knows no reference to a control character, and S3 keys may have them.
  processEntities: false,
})

// Most documents are sent again and again: a legal hold is put on one object as on the next.
const known = new Map<string, XmlElement>()
const smallLength = 2048

/** Reads a request body. Whatever is not an XML document of that root is `MalformedXML`. */
export function parseXml(text: string, root: string): XmlElement {
  const found = known.get(text)
  if (found?.name === root) return found
  const element = readXml(text, root)
  if (text.length <= smallLength) {
    if (known.size >= 200) known.clear()
    known.set(text, element)
  }
  return element
}

function readXml(text: string, root: string): XmlElement {
  // A document type is refused by S3 too, and would bring entities of its own.
  if (text.includes('<!DOCTYPE') || XMLValidator.validate(text) !== true) throw new S3Error('MalformedXML')
  let nodes: unknown
  try {
    nodes = parser.parse(text)
  } catch {
    throw new S3Error('MalformedXML')
  }
  const elements = (nodes as unknown[]).map(toElement).filter((node) => node !== undefined)
  const [element] = elements
  if (element === undefined || elements.length !== 1 || element.name !== root) throw new S3Error('MalformedXML')
  return element
}

function toElement(node: unknown): XmlElement | undefined {
  const entry = node as Record<string, unknown>
  const name = Object.keys(entry).find((key) => key !== ':@')
  if (name === undefined || name === '#text') return undefined
  const content = entry[name] as unknown[]
  const attributes = Object.entries((entry[':@'] ?? {}) as Record<string, string>)
  return {
    name: localName(name),
    attributes: new Map(attributes.map(([key, value]) => [key, unescapeXml(String(value))])),
    children: content.map(toElement).filter((child) => child !== undefined),
    text: content.map((child) => unescapeXml(String((child as Record<string, unknown>)['#text'] ?? ''))).join(''),
  }
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

const named: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])

function unescapeXml(text: string): string {
  return text.replace(/&(?:#x([0-9a-fA-F]+)|#([0-9]+)|(\w+));/g, (_, hex, decimal, name) => {
    if (name !== undefined) {
      const value = named.get(name)
      if (value === undefined) throw new S3Error('MalformedXML')
      return value
    }
    const code = hex === undefined ? Number.parseInt(decimal, 10) : Number.parseInt(hex, 16)
    if (code > 0x10ffff) throw new S3Error('MalformedXML')
    return String.fromCodePoint(code)
  })
}

/** The first child of that name. */
export function child(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((candidate) => candidate.name === name)
}

/** All children of that name. */
export function children(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((candidate) => candidate.name === name)
}

/** Text of the first child of that name. */
export function childText(element: XmlElement, name: string): string | undefined {
  return child(element, name)?.text
}

/** `MalformedXML` if an element has a child that the schema does not know. */
export function onlyChildren(element: XmlElement, names: readonly string[]): void {
  if (element.children.some((candidate) => !names.includes(candidate.name))) throw new S3Error('MalformedXML')
}

/** Writes an element back, for configurations that are returned as they were sent. */
export function writeElement(element: XmlElement): string {
  const attributes = [...element.attributes]
    .filter(([name]) => !name.startsWith('xmlns') || name.includes(':'))
    .map(([name, value]) => ` ${name}="${escapeXml(value)}"`)
    .join('')
  const inner = element.children.length > 0 ? element.children.map(writeElement).join('') : escapeXml(element.text)
  return `<${element.name}${attributes}>${inner}</${element.name}>`
}

/** Markup that is written already. */
export type Markup = string

/** `<name>text</name>`; nothing for an undefined value. */
export function leaf(name: string, value: string | number | boolean | undefined): Markup {
  if (value === undefined) return ''
  return `<${name}>${typeof value === 'string' ? escapeXml(value) : value}</${name}>`
}

/** `<name>` around markup. */
export function node(name: string, ...content: readonly Markup[]): Markup {
  return `<${name}>${content.join('')}</${name}>`
}

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'

/** A document in the S3 namespace. */
export function xmlDocument(root: string, ...content: readonly Markup[]): string {
  return xmlPieces(root, ...content).join('')
}

/** The same in pieces, for what may be long. */
export function xmlPieces(root: string, ...content: readonly Markup[]): readonly string[] {
  return [`${declaration}<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`, ...content, `</${root}>`]
}

/** Error documents carry no namespace. */
export function plainDocument(root: string, ...content: readonly Markup[]): string {
  return `${declaration}<${root}>${content.join('')}</${root}>`
}

const entities: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
])

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
const special = /[&<>"\u0000-\u001f\u007f-\u009f\ufffe\uffff]/g

/**
 * Characters that XML 1.0 cannot carry become references, as S3 writes them: most parsers refuse such a listing,
 * which is what `encoding-type=url` is for (API reference, ListObjectsV2).
 */
export function escapeXml(text: string): string {
  return text.replace(special, (character) => {
    return entities.get(character) ?? `&#x${character.charCodeAt(0).toString(16)};`
  })
}

import { invalidArgument, S3Error } from '../http/errors.js'
import { child, children, childText, leaf, node, onlyChildren, type XmlElement } from '../http/xml.js'
import type { Pairs } from '../state/object-version.js'

// Letters, spaces and numbers of any script, and `+ - = . _ : / @` (user guide, "Categorizing your objects").
const allowed = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u

type TagOwner = 'object' | 'bucket' | 'new bucket'

const systemTag: ReadonlyMap<TagOwner, string> = new Map([
  ['object', 'Your TagKey cannot be prefixed with aws:'],
  ['bucket', 'System tags cannot be added/updated by requester'],
  [
    'new bucket',
    'User-defined tag keys can\'t start with "aws:". This prefix is reserved for system tags. Remove "aws:" from your tag keys and try again.',
  ],
])

function checkTags(tags: Pairs, of: TagOwner): void {
  const most = of === 'object' ? 10 : 50
  if (tags.length > most) {
    throw new S3Error('BadRequest', {
      message:
        most === 10 ? 'Object tags cannot be greater than 10' : `Bucket tag count cannot be greater than ${most}`,
    })
  }
  const names = new Set<string>()
  for (const [name, value] of tags) {
    if (name.length === 0 || name.length > 128 || !allowed.test(name)) {
      throw new S3Error('InvalidTag', {
        message: 'The TagKey you have provided is invalid',
        details: [['TagKey', name]],
      })
    }
    if (value.length > 256 || !allowed.test(value)) {
      throw new S3Error('InvalidTag', {
        message: 'The TagValue you have provided is invalid',
        details: [
          ['TagKey', name],
          ['TagValue', value],
        ],
      })
    }
    if (name.toLowerCase().startsWith('aws:')) {
      throw new S3Error('InvalidTag', { message: systemTag.get(of), details: [['TagKey', name]] })
    }
    if (names.has(name)) {
      throw new S3Error('InvalidTag', {
        message: 'Cannot provide multiple Tags with the same key',
        details: [['TagKey', name]],
      })
    }
    names.add(name)
  }
}

/** Reads `x-amz-tagging`: a query string. */
export function tagsFromHeader(value: string | undefined): Pairs {
  if (value === undefined || value === '') return []
  const tags = value
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const at = part.indexOf('=')
      if (part.indexOf('=', at + 1) > at) throw badHeader(value)
      return at < 0 ? ([decode(part), ''] as const) : ([decode(part.slice(0, at)), decode(part.slice(at + 1))] as const)
    })
  if (new Set(tags.map(([name]) => name)).size !== tags.length) throw badHeader(value)
  checkTags(tags, 'object')
  return tags
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw badHeader(text)
  }
}

function badHeader(value: string): S3Error {
  return invalidArgument(
    'x-amz-tagging',
    value,
    "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
  )
}

/** Reads a `Tagging` document. */
export function tagsFromXml(document: XmlElement, of: 'object' | 'bucket'): Pairs {
  onlyChildren(document, ['TagSet'])
  const set = child(document, 'TagSet')
  if (set === undefined) return []
  onlyChildren(set, ['Tag'])
  return readTags(set, of)
}

/** Reads the `Tag` elements within an element. */
export function readTags(element: XmlElement, of: TagOwner): Pairs {
  const tags = children(element, 'Tag').map((tag) => {
    onlyChildren(tag, ['Key', 'Value'])
    const name = childText(tag, 'Key')
    const value = childText(tag, 'Value')
    if (name === undefined || value === undefined) throw new S3Error('MalformedXML')
    return [name, value] as const
  })
  checkTags(tags, of)
  return tags
}

/** Writes a `TagSet`. */
export function tagSetXml(tags: Pairs): string {
  return node('TagSet', ...tags.map(([name, value]) => node('Tag', leaf('Key', name), leaf('Value', value))))
}

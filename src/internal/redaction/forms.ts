import { layersOf } from './layers.js'

/** A form in which a secret may come back. */
export interface Form {
  /** Bytes of UTF-8, one a character, in lower case. */
  readonly bytes: string
  /** Base64 or hex: what stands around it in the same digits belongs to it. */
  readonly isEncoded: boolean
  /** So short that it may be a part of an ordinary word: it counts only as a whole one. */
  readonly isWord: boolean
  /** So short that every sentence holds it: it counts only if it is quoted, or stands behind `=` or `:`. */
  readonly isValue?: true | undefined
}

/** A shorter one is in every sentence, and is not a secret of either service: it is looked for as a value only. */
const shortestSecret = 4
/** From here on it is looked for within words. */
const shortestPart = 8
const longestEscape = 11

/**
 * The forms in which a secret is searched for: as it is, in hex, and in base64 from any offset in the encoded
 * bytes. Percent-encoding, escapes and entities are undone before.
 */
export function formsOf(secret: string): Form[] {
  const plain = Buffer.from(secret, 'utf8')
  if (plain.length === 0) return []
  if (plain.length < shortestSecret) {
    const bytes = plain.toString('latin1').toLowerCase()
    return [{ bytes, isEncoded: false, isWord: true, isValue: true }]
  }
  const written = [plain, Buffer.from(JSON.stringify(secret).slice(1, -1))]
  const percent = percentEncoded(secret)
  if (percent !== undefined) written.push(Buffer.from(percent))
  const forms = new Map<string, Form>()
  const add = (bytes: string, isEncoded: boolean) => {
    const lowerCase = bytes.toLowerCase()
    if (lowerCase.length < shortestSecret || forms.has(lowerCase)) return
    forms.set(lowerCase, { bytes: lowerCase, isEncoded, isWord: lowerCase.length < shortestPart })
  }
  // Only bytes of ASCII are compared whatever their case.
  for (const text of [secret, secret.toUpperCase(), secret.toLowerCase()]) {
    // As a form has it.
    for (const one of [text, text.replaceAll(' ', '+')]) add(Buffer.from(one, 'utf8').toString('latin1'), false)
    // What of it looks encoded is undone with the text that it is in.
    for (const one of [text, withoutOpenEscape(text)]) for (const { bytes } of layersOf(one)) add(bytes, false)
  }
  for (const bytes of written) {
    add(bytes.toString('hex'), true)
    for (const offset of [0, 1, 2]) {
      const digits = base64Within(bytes, offset)
      add(digits, true)
      add(digits.replaceAll('+', '-').replaceAll('/', '_'), true)
    }
  }
  return [...forms.values()]
}

/** Without what would take the first characters behind it for its own. */
function withoutOpenEscape(secret: string): string {
  const at = Math.max(...['\\', '%', '&'].map((mark) => secret.lastIndexOf(mark)))
  return at >= secret.length - longestEscape && at >= shortestSecret ? secret.slice(0, at) : secret
}

/** The digits of base64 that only these bytes decide, with so many others before them and whatever behind them. */
function base64Within(bytes: Buffer, offset: number): string {
  const digits = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
  return digits.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6))
}

/** `undefined` for a lone surrogate, which has no such form. */
function percentEncoded(secret: string): string | undefined {
  try {
    return encodeURIComponent(secret)
  } catch {
    return undefined
  }
}

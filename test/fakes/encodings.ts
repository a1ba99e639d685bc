import fc from 'fast-check'

/** Ways in which a server may write what it repeats. */
export const encodings: Readonly<Record<string, (text: string) => string>> = {
  'as it is': (text) => text,
  'in upper case': (text) => text.toUpperCase(),
  'in lower case': (text) => text.toLowerCase(),
  'in base64': (text) => Buffer.from(text).toString('base64'),
  'in base64, one byte on': (text) => Buffer.from(`:${text}`).toString('base64'),
  'in base64, two bytes on': (text) => Buffer.from(`x:${text}`).toString('base64'),
  'in base64, with something behind': (text) => Buffer.from(`key:${text}:and more`).toString('base64'),
  'in base64 without padding': (text) => Buffer.from(text).toString('base64').replace(/=+$/, ''),
  'in base64 for URLs': (text) => Buffer.from(`id:${text}`).toString('base64url'),
  'in base64 with line breaks': (text) =>
    (
      Buffer.from(text)
        .toString('base64')
        .match(/.{1,10}/g) ?? []
    ).join('\r\n'),
  'in base64, percent-encoded': (text) => encodeURIComponent(Buffer.from(text).toString('base64')),
  'in base64 of JSON': (text) => Buffer.from(JSON.stringify({ secret: text })).toString('base64'),
  'in base64 of percent-encoding': (text) => Buffer.from(`?secret=${encodeURIComponent(text)}&x`).toString('base64'),
  'in hex': (text) => Buffer.from(text).toString('hex'),
  'in hex, upper case': (text) => Buffer.from(text).toString('hex').toUpperCase(),
  'percent-encoded': (text) => encodeURIComponent(text),
  'percent-encoded in lower case': (text) => encodeURIComponent(text).replace(/%../g, (code) => code.toLowerCase()),
  'percent-encoded as a whole': (text) =>
    [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  'percent-encoded twice': (text) => encodeURIComponent(encodeURIComponent(text)),
  'as a form': (text) => new URLSearchParams({ text }).toString(),
  'in JSON': (text) => JSON.stringify(text),
  'in JSON within JSON': (text) => JSON.stringify(JSON.stringify({ text })),
  'in JSON, as numbers': (text) =>
    text
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  'in JSON with escaped slashes': (text) => JSON.stringify(text).replaceAll('/', '\\/'),
  'in XML': (text) =>
    text.replace(/[&<>"']/g, (mark) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[mark] ?? '&apos;'),
  'in XML, as numbers': (text) => [...text].map((character) => `&#${character.codePointAt(0)};`).join(''),
  'in XML, as hex numbers': (text) =>
    [...text].map((character) => `&#x${character.codePointAt(0)?.toString(16)};`).join(''),
  'in XML, percent-encoded': (text) => encodeURIComponent(text).replaceAll('%', '&#37;'),
  'with line breaks': (text) => (text.match(/[\s\S]{1,7}/gu) ?? []).join('\n'),
}

/** Whether a text holds a secret, however it was encoded: everything that can be undone is undone. */
export function holds(text: string, secret: string): boolean {
  const wanted = secret.toLowerCase()
  const open = [text]
  const seen = new Set(open)
  for (const one of open) {
    if (one.toLowerCase().includes(wanted)) return true
    for (const next of undone(one)) {
      if (seen.has(next) || seen.size > 5_000) continue
      seen.add(next)
      open.push(next)
    }
  }
  return false
}

function* undone(text: string): Generator<string> {
  yield text.replaceAll(/[\r\n]/g, '')
  yield text.replaceAll('+', ' ')
  yield text.replaceAll('\\/', '/').replaceAll('\\"', '"').replaceAll('\\n', '\n').replaceAll('\\\\', '\\')
  yield text.replace(/\\u([0-9a-f]{4})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
  yield text.replace(/&#x([0-9a-f]{1,6});/gi, (_, code: string) => fromCode(Number.parseInt(code, 16)))
  yield text.replace(/&#(\d{1,7});/g, (_, code: string) => fromCode(Number(code)))
  yield text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&')
  yield Buffer.from(
    text.replace(/%([0-9a-f]{2})/gi, (_, code: string) => `\u{e000}${code}`),
    'utf8',
  )
    .toString('utf8')
    .replace(/(?:\u{e000}[0-9a-f]{2})+/giu, (run) =>
      Buffer.from(run.replaceAll('\u{e000}', ''), 'hex').toString('utf8'),
    )
  for (const [run] of text.matchAll(/(?:[0-9a-f]{2}){4,}/gi)) yield Buffer.from(run, 'hex').toString('utf8')
  for (const [run] of text.matchAll(/[\w+/-]{6,}/g)) {
    for (const offset of [0, 1, 2, 3]) yield Buffer.from(run.slice(offset), 'base64').toString('utf8')
  }
}

function fromCode(code: number): string {
  return code > 0x10ffff ? '' : String.fromCodePoint(code)
}

/** Secrets as services issue them, and others that are harder to find. */
export const secrets = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9+/]{40}$/),
  fc.stringMatching(/^[A-Za-z0-9_-]{43}$/),
  fc.stringMatching(/^[A-Za-z0-9+/]{100,300}={0,2}$/),
  fc.stringMatching(/^[!-~]{8,60}$/),
  fc.stringMatching(/^[ -~äöü€😀]{10,40}$/u).filter((text) => text.trim().length >= 8),
)

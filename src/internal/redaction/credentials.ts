/** Where something is in a text: from, and up to. */
export type Stretch = readonly [from: number, to: number]

const keyId = /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g
const scheme = /\b(?:bearer|basic)\s+(?=[\w.~+/=-])/gi
const names =
  /(?:access|refresh|id|session|security|auth)[_ -]?token|client[_ -]?secret|(?:secret[_ -]?)?access[_ -]?key(?:[_ -]?id)?|(?:secret|api)[_ -]?key|password|passwd|authorization|x-amz-(?:signature|credential|security-token)|token-\d/gi
const assigned = /\b(?:credential|signature)=/gi
const elements =
  /<(token(?:-\d)?|(?:session|security)token|(?:secret)?accesskey(?:id)?|awsaccesskeyid|signatureprovided|signature|credential|stringtosign(?:bytes)?|canonicalrequest(?:bytes)?)>/gi

/**
 * What looks like a credential, whosever it is: by its own form, or by what stands before it. S3 repeats the session
 * token in `<Token-0>`, and what it signed for comparison, when it refuses a request.
 */
export function credentialsIn(text: string): Stretch[] {
  const found: Stretch[] = []
  for (const { index, 0: id } of text.matchAll(keyId)) found.push([index, index + id.length])
  for (const { index, 0: opening } of text.matchAll(scheme)) {
    found.push(run(text, index + opening.length, isTokenCharacter))
  }
  found.push(...assignedIn(text, assigned, (end) => end))
  found.push(...assignedIn(text, names, (end) => behindSign(text, end)))
  for (const { index, 0: tag } of text.matchAll(elements)) {
    const from = index + tag.length
    const to = text.indexOf('<', from)
    found.push([from, to < 0 ? text.length : to])
  }
  return found.filter(([from, to]) => to > from)
}

/** Values that stand behind names, each read once: a name within the value of another is a part of it. */
function assignedIn(text: string, named: RegExp, valueBehind: (end: number) => number | undefined): Stretch[] {
  const found: Stretch[] = []
  let done = 0
  for (const { index, 0: name } of text.matchAll(named)) {
    const from = index < done ? undefined : valueBehind(index + name.length)
    if (from === undefined) continue
    const value = valueAt(text, from)
    found.push(value)
    done = value[1]
  }
  return found
}

/** Where the value begins that `:` or `=` gives to a name, past quotes and blanks. */
function behindSign(text: string, from: number): number | undefined {
  const [, sign] = run(text, from, isQuoteOrBlank)
  if (text[sign] !== ':' && text[sign] !== '=') return undefined
  return run(text, sign + 1, isQuoteOrBlank)[1]
}

function valueAt(text: string, from: number): Stretch {
  let to = from
  while (to < text.length) {
    // In JSON within JSON, where the quotes are escaped.
    const isEscape = text[to] === '\\' && !isQuote(text[to + 1] ?? '"')
    if (isEscape) to += 2
    else if (!/[\s"'\\,;&<>})\]]/.test(text[to] ?? ' ')) to += 1
    else break
  }
  return [from, Math.min(to, text.length)]
}

function run(text: string, from: number, isPart: (character: string) => boolean): Stretch {
  let to = from
  while (to < text.length && isPart(text[to] ?? '')) to += 1
  return [from, to]
}

const isTokenCharacter = (character: string) => /[\w.~+/=-]/.test(character)
const isQuote = (character: string) => character === '"' || character === "'" || character === '\\'
const isQuoteOrBlank = (character: string) => isQuote(character) || /\s/.test(character)

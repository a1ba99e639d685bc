/**
 * Why a credential cannot be used, without a character of it; `undefined` if it can. Most come out of a file or a variable
 * with a line break at the end.
 *
 * @param isHeader it is in a header as it is: visible ASCII only
 */
export function credentialMistake(value: unknown, isHeader: boolean): string | undefined {
  if (typeof value !== 'string') return value === undefined ? 'is missing' : 'is not a text'
  if (value === '') return 'is empty'
  if (/[\r\n]/.test(value)) return 'holds a line break'
  if (value !== value.trim()) return 'begins or ends with a blank'
  for (let at = 0; at < value.length; at += 1) {
    const code = value.charCodeAt(at)
    if (code < 0x20 || code === 0x7f) return 'holds a control character'
    if (isHeader && (code === 0x20 || code > 0x7e)) return 'holds a character that no header can carry'
  }
  return undefined
}

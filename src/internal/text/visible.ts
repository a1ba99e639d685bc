/**
 * The text with invisible characters made visible. Control characters, marks that change the writing direction and
 * zero-width marks can make one key look like another, or move the cursor of a terminal.
 */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0
    return `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`
  })
}

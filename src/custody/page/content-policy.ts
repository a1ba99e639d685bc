import { sha256 } from '../crypto/sha256.js'

const hashOf = (text: string) => `'sha256-${Buffer.from(sha256(text), 'hex').toString('base64')}'`

/** Nothing from elsewhere, and of what is in the page only this style and this script. */
export function contentPolicy({ style, script }: { readonly style: string; readonly script: string }): string {
  return `default-src 'none'; style-src ${hashOf(style)}; script-src ${hashOf(script)}; base-uri 'none'; form-action 'none'`
}

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = fileURLToPath(new URL('../../src/', import.meta.url))

/** A regular expression in the sources. */
export interface Expression {
  /** `src/…:LINE` */
  readonly place: string
  readonly source: string
  readonly flags: string
}

/** All that is a regular expression, or makes one, in the sources. */
export function expressionsOfSources(): { readonly literals: readonly Expression[]; readonly made: readonly string[] } {
  const literals: Expression[] = []
  const made: string[] = []
  for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue
    const text = readFileSync(join(root, file), 'utf8')
    const parsed = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
    const visit = (node: ts.Node): void => {
      if (ts.isRegularExpressionLiteral(node)) {
        const line = parsed.getLineAndCharacterOfPosition(node.getStart()).line + 1
        const end = node.text.lastIndexOf('/')
        literals.push({
          place: `src/${file}:${line}`,
          source: node.text.slice(1, end),
          flags: node.text.slice(end + 1),
        })
      }
      // As a call it makes one, too.
      if ((ts.isNewExpression(node) || ts.isCallExpression(node)) && node.expression.getText() === 'RegExp') {
        made.push(`src/${file}`)
      }
      ts.forEachChild(node, visit)
    }
    visit(parsed)
  }
  return { literals, made }
}

/** Names of exported functions by their files, as `src/file.ts name`. */
export function exportedFunctions(isWanted: (name: string) => boolean): string[] {
  const found: string[] = []
  for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue
    const text = readFileSync(join(root, file), 'utf8')
    for (const [, name = ''] of text.matchAll(/^export (?:async )?function\*? (\w+)/gm)) {
      if (isWanted(name)) found.push(`src/${file} ${name}`)
    }
  }
  return found
}

import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** The script of verify.html, in one piece, as a module of the sources. */
export async function verifierModule(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: ['src/custody/page/verifier/main.ts'],
    absWorkingDir: fileURLToPath(new URL('../', import.meta.url)),
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    // Names stay, so that whoever wants to can read it.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    logLevel: 'silent',
  })
  const [script = { text: '' }] = outputFiles
  return `// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the script of a page, with template strings of its own
/** The script of verify.html. Made by \`npm run verifier\` from \`verifier/main.ts\`; a test compares it. */
export const verifierScript = ${JSON.stringify(script.text.trimEnd())}
`
}

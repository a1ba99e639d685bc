import { readFile } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { type Plugin, transform } from 'esbuild'

/**
 * Takes comments, white space and long local names out of the code of other packages that is built in: nobody reads it here, and the XML
 * parser of the simulator is most of what is built in. Their licences are in THIRD-PARTY-NOTICES.md.
 */
export function minifyOthers(): Plugin {
  const others = `${sep}node_modules${sep}`
  return {
    name: 'minify-others',
    setup({ initialOptions, onLoad }) {
      const { absWorkingDir: root = process.cwd() } = initialOptions
      onLoad({ filter: /\.[cm]?js$/, namespace: 'file' }, async ({ path }) => {
        if (!path.startsWith(join(root, others))) return undefined
        const { code } = await transform(await readFile(path, 'utf8'), {
          minifyWhitespace: true,
          minifySyntax: true,
          minifyIdentifiers: true,
          legalComments: 'none',
          target: 'node20',
        })
        return { contents: code, loader: 'js' }
      })
    },
  }
}

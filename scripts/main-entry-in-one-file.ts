import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { build, type Plugin } from 'esbuild'

/**
 * What the main entry loads at once lies in one file beside it. Split by itself, esbuild makes a file of whatever the same
 * entries share, which were ten; each costs whoever imports the package about as much as its own code. So every entry
 * imports all of it, and the error classes are still the same in each.
 */
export function mainEntryInOneFile(entries: Readonly<Record<string, string>>, main: string): Plugin {
  return {
    name: 'main-entry-in-one-file',
    async setup({ initialOptions, onLoad, onResolve, resolve }) {
      const { absWorkingDir: root = process.cwd() } = initialOptions
      const { shared, starts } = await graphOf(root, entries, main)
      const own = 'main-entry-in-one-file'
      onResolve({ filter: /^\.|^\// }, async ({ path, pluginData, ...where }) => {
        if (pluginData === own || where.kind === 'entry-point') return undefined
        const found = await resolve(path, { ...where, pluginData: own })
        // Else a file of which an entry uses nothing would be left out of it, and so be shared by fewer.
        return shared.has(relative(root, found.path)) ? { path: found.path, sideEffects: true } : undefined
      })
      onLoad({ filter: /\.ts$/, namespace: 'file' }, async ({ path }) => {
        const name = relative(root, path)
        if (!starts.has(name)) return undefined
        const imports = [...shared]
          .filter((file) => file !== name)
          .map((file) => `import ${JSON.stringify(join(root, file))}`)
        return { contents: [await readFile(path, 'utf8'), ...imports].join('\n'), loader: 'ts' }
      })
    },
  }
}

/** The files that the main entry loads at once, and those that esbuild begins a file with. */
async function graphOf(root: string, entries: Readonly<Record<string, string>>, main: string) {
  const { metafile } = await build({
    entryPoints: Object.values(entries),
    absWorkingDir: root,
    bundle: true,
    splitting: true,
    metafile: true,
    write: false,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    outdir: 'out',
    logLevel: 'silent',
  })
  const outputs = Object.entries(metafile.outputs)
  const starts = new Set(outputs.flatMap(([, { entryPoint }]) => entryPoint ?? []))
  const loaded = new Set(outputs.flatMap(([name, { entryPoint }]) => (entryPoint === main ? [name] : [])))
  const shared = new Set<string>()
  for (const name of loaded) {
    const { imports = [], inputs = {} } = metafile.outputs[name] ?? {}
    for (const [file, { bytesInOutput }] of Object.entries(inputs)) if (bytesInOutput > 0) shared.add(file)
    for (const { path, kind } of imports) if (kind === 'import-statement' && path in metafile.outputs) loaded.add(path)
  }
  return { shared, starts }
}

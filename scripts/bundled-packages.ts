import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The packages of which a built file holds code: esbuild names the file of each part in a comment. */
export function packagesIn(text: string): ReadonlySet<string> {
  const names = [...text.matchAll(/(?:^|;)[^\S\n]*\/\/ node_modules\/((?:@[\w.-]+\/)?[\w.-]+)\//gm)].map(
    ([, name = '']) => name,
  )
  return new Set(names)
}

/** Those of each file of a build, by the file's name. */
export function bundledPackages(dist: string): ReadonlyMap<string, ReadonlySet<string>> {
  const files = readdirSync(dist).filter((name) => /\.c?js$/.test(name))
  return new Map(files.map((name) => [name, packagesIn(readFileSync(join(dist, name), 'utf8'))]))
}

/** The licence of a package, as it comes with it. */
export function licenceOf(root: string, name: string): string {
  const folder = join(root, 'node_modules', name)
  const file = readdirSync(folder).find((one) => /^licen[cs]e(\.\w+)?$/i.test(one))
  if (file !== undefined && existsSync(join(folder, file))) return readFileSync(join(folder, file), 'utf8').trim()
  const { license, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return `${license}, ${typeof author === 'string' ? author : (author?.name ?? 'its authors')}`
}

/** What has to go with a build that holds code of others. */
export function noticesOf(root: string): string {
  const all = [...bundledPackages(join(root, 'dist')).values()].flatMap((names) => [...names])
  const parts = [...new Set(all)].sort().map((name) => `## ${name}\n\n\`\`\`text\n${licenceOf(root, name)}\n\`\`\`\n`)
  const head = '# Third-party notices\n\nFiles of `dist/` contain code of these packages, under these licences.\n'
  return [head, ...parts].join('\n')
}

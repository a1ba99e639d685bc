import { posix } from 'node:path'

/** A relative link, and the file that it stands in. */
interface Link {
  readonly file: string
  readonly target: string
}

function linksOf(file: string, text: string): Link[] {
  // What stands in a block of code, or between back quotes, is no link.
  const prose = text.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => ({ file, target }))
    .filter(({ target }) => !/^(#|[a-z]+:)/.test(target))
}

/** Relative links of the Markdown among some files that lead to none of these files, as `file: target`. */
export function deadLinks(paths: readonly string[], read: (path: string) => string): readonly string[] {
  return paths
    .filter((path) => path.endsWith('.md'))
    .flatMap((path) => linksOf(path, read(path)))
    .filter(({ file, target }) => !paths.includes(posix.join(posix.dirname(file), target.replace(/#.*$/, ''))))
    .map(({ file, target }) => `${file}: ${target}`)
}

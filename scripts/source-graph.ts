import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix, relative, resolve } from 'node:path'
import { verb } from '../src/internal/text/counted.js'

/** One import of a source file. */
export interface Import {
  /** As it is written. */
  readonly from: string
  readonly typeOnly: boolean
  /** It is loaded when it is first needed. */
  readonly isLate?: boolean | undefined
}

/** A source file, by its path below `src/`. */
export interface SourceFile {
  readonly path: string
  /** Folder below `src/`; empty for an entry. */
  readonly folder: string
  readonly lines: number
  readonly imports: readonly Import[]
}

/** Reads the sources below a folder. */
export function readSources(root: string): readonly SourceFile[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
    .map((path) => {
      const text = readFileSync(join(root, path), 'utf8')
      const folder = posix.dirname(path)
      const lines = text.split('\n').length - 1
      return { path, folder: folder === '.' ? '' : folder, lines, imports: importsOf(text) }
    })
}

/** Static and dynamic imports of a text. */
export function importsOf(text: string): readonly Import[] {
  const statements = text.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^'"]*?\sfrom\s+)?'([^']+)'/gm)
  const dynamic = text.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g)
  return [
    ...[...statements].map(([, type, from = '']) => ({ from, typeOnly: type !== undefined })),
    ...[...dynamic].map(([, from = '']) => ({ from, typeOnly: false, isLate: true })),
  ]
}

/** The file below `src/` that an import leads to, or the name of a package. */
export function targetOf(path: string, { from }: Import): string {
  if (!from.startsWith('.')) return from
  const place = resolve('/', dirname(path), from.replace(/\.js$/, '.ts'))
  return relative('/', place).replaceAll('\\', '/')
}

/** Groups of files that import each other, type imports included: there should be none. Tarjan's algorithm. */
export function circlesOf(files: readonly SourceFile[]): readonly (readonly string[])[] {
  const edges = new Map(files.map((file) => [file.path, file.imports.map((one) => targetOf(file.path, one))]))
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const open: string[] = []
  const circles: string[][] = []
  const visit = (path: string): number => {
    const own = index.size
    index.set(path, own)
    low.set(path, own)
    open.push(path)
    for (const next of edges.get(path) ?? []) {
      if (!edges.has(next)) continue
      const reached = index.has(next) ? (open.includes(next) ? (index.get(next) ?? own) : own) : visit(next)
      low.set(path, Math.min(low.get(path) ?? own, reached))
    }
    if (low.get(path) === own) {
      const group = open.splice(open.indexOf(path))
      if (group.length > 1) circles.push(group.sort())
    }
    return low.get(path) ?? own
  }
  for (const path of edges.keys()) if (!index.has(path)) visit(path)
  return circles
}

/** The folders as a tree, one line each: what lies in a folder itself, not below it. */
export function treeOf(files: readonly SourceFile[]): readonly string[] {
  const folders = new Set([''])
  for (const { folder } of files) {
    const parts = folder === '' ? [] : folder.split('/')
    for (const at of parts.keys()) folders.add(parts.slice(0, at + 1).join('/'))
  }
  // By the names along the path: as texts, `s3-control` would come between `s3` and `s3/send`.
  const inOrder = [...folders].map((folder) => (folder === '' ? [] : folder.split('/'))).sort(byNames)
  return inOrder.map((parts) => {
    const own = files.filter(({ folder }) => folder === parts.join('/'))
    const lines = own.reduce((sum, file) => sum + file.lines, 0)
    const name = `${'  '.repeat(parts.length)}${parts.at(-1) ?? 'src'}/`
    return `${name.padEnd(34)} ${column(own.length, 4, 'file')} ${column(lines, 6, 'line')}`.trimEnd()
  })
}

function column(count: number, width: number, name: string): string {
  return `${count}`.padStart(width) + ` ${name}${verb(count, '', 's')}`.padEnd(name.length + 2)
}

function byNames(one: readonly string[], other: readonly string[]): number {
  const at = one.findIndex((name, place) => name !== other[place])
  if (at < 0) return one.length - other.length
  const [name = '', otherName] = [one[at], other[at]]
  return otherName === undefined || name > otherName ? 1 : -1
}

/** What the tree looks like, in numbers. */
export interface Structure {
  readonly folders: ReadonlyMap<string, number>
  readonly files: number
  /** Lines of a file. */
  readonly median: number
  readonly largest: SourceFile
  readonly circles: readonly (readonly string[])[]
  readonly widest: { readonly folder: string; readonly files: number }
}

/** Measures a tree. */
export function structureOf(files: readonly SourceFile[]): Structure {
  const folders = new Map<string, number>()
  for (const { folder } of files) folders.set(folder, (folders.get(folder) ?? 0) + 1)
  const bySize = files.toSorted((a, b) => a.lines - b.lines)
  const [folder = '', count = 0] = [...folders].toSorted(([, a], [, b]) => b - a)[0] ?? []
  const largest = bySize.at(-1)
  if (largest === undefined) throw new Error('no sources')
  return {
    folders,
    files: files.length,
    median: bySize[Math.floor(bySize.length / 2)]?.lines ?? 0,
    largest,
    circles: circlesOf(files),
    widest: { folder, files: count },
  }
}

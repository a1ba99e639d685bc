import { join, resolve } from 'node:path'
import { withoutEdges } from '../../internal/text/edges.js'
import type { Resolved } from '../config/resolve.js'

/** Where the files of a matter lie. */
export interface Places {
  readonly journal: string
  readonly report: string
  readonly evidence: string
  /** Journal of the repairs that `remediate` makes, which is none of a run. */
  readonly remediations: string
  /** Journal of releases. */
  readonly releases: string
}

/** Files that a matter names, and those that it does not name, in `legal-hold/MATTER` beside it. */
export function placesOf({ matter, folder }: Resolved): Places {
  const base = join(folder, 'legal-hold', folderName(matter.hold?.matter ?? matter.hold?.tag ?? 'matter'))
  const named = (path: string | undefined, name: string) =>
    path === undefined ? join(base, name) : resolve(folder, path)
  return {
    journal: named(matter.journal, 'journal'),
    report: named(matter.report, 'report.json'),
    evidence: named(matter.evidence?.dir, 'evidence'),
    remediations: join(base, 'remediate-journal'),
    releases: join(base, 'release-journal'),
  }
}

const dot = 0x2e
const dash = 0x2d

/** A matter's name as one that every file system takes. */
export function folderName(matter: string): string {
  const plain = matter
    .slice(0, 80)
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
  const name = withoutEdges(plain, (code) => code === dot || code === dash)
  return name === '' ? 'matter' : name
}

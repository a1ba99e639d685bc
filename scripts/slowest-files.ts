/*
 * The reporter of vitest.config.ts that names the slowest files, so that `npm test` stays quick: a file that climbs to
 * the top is made faster, or becomes `*.slow.test.ts`.
 */
import { relative } from 'node:path'
import type { Reporter, TestModule } from 'vitest/node'

/** What one file of tests took, with its imports. */
export interface FileTime {
  readonly path: string
  readonly ms: number
}

const shown = 10

/** The slowest files, the slowest first, one a line. */
export function slowestFiles(times: readonly FileTime[]): readonly string[] {
  return [...times]
    .sort((a, b) => b.ms - a.ms)
    .slice(0, shown)
    .map(({ path, ms }) => `${(ms / 1000).toFixed(1).padStart(7)} s  ${path}`)
}

function timeOf(module: TestModule): FileTime {
  const { collectDuration, setupDuration, prepareDuration, duration } = module.diagnostic()
  return {
    path: relative(process.cwd(), module.moduleId),
    ms: collectDuration + setupDuration + prepareDuration + duration,
  }
}

export class SlowestFiles implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    // A single file has its time beside its name already.
    if (modules.length < 2) return
    console.log(['slowest files, with their imports:', ...slowestFiles(modules.map(timeOf)), ''].join('\n'))
  }
}

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startWholeServer } from '../../bench/whole/server.ts'

/*
 * V8 describes the members of an object by a hidden class. `{ ...object, member }` begins with a copy whose class takes part in
 * no tree of classes, so that each such object gets a class of its own: a tenth of a run's time, and garbage that only a full
 * collection takes (docs/decisions.md, speed). A member that is written before the spread costs nothing.
 */
const objects = 1_000
/** Classes made for a start, with the SDK's, are some hundreds. */
const atMost = objects

// What V8 logs has this form in Node 20.
test.runIf(process.versions.v8.startsWith('11.'))(
  'a run makes no hidden classes for each object',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'legal-hold-classes-'))
    const log = join(folder, 'v8.log')
    const server = await startWholeServer({ recordings: objects / 2, latencyMs: 0, objectLock: true })
    try {
      const logging = ['--log-maps', '--no-log-maps-details', `--logfile=${log}`, '--no-logfile-per-isolate']
      const run = ['bench/contenders/library-run.mjs', server.endpoint, String(objects), '16', 'object-lock']
      const child = spawn(process.execPath, [...logging, ...run], { stdio: 'ignore' })
      expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0)
      const made = new Map<string, number>()
      for (const line of readFileSync(log, 'utf8').split('\n')) {
        const [type, event, , , , , at, column, reason, member] = line.split(',')
        if (type !== 'map' || event !== 'Transition' || reason !== 'prototype') continue
        const place = `${member} at line ${at}:${column} of a file in dist`
        made.set(place, (made.get(place) ?? 0) + 1)
      }
      expect(made.size).toBeGreaterThan(0)
      expect([...made].filter(([, count]) => count >= atMost)).toEqual([])
    } finally {
      await server.stop()
      rmSync(folder, { recursive: true })
    }
  },
  120_000,
)

import { readFileSync, writeFileSync } from 'node:fs'
import type { Clock } from '../../src/index.js'
import { systemClock } from '../../src/internal/clock.js'

/** A clock that a file sets forward: other processes see it at once. */
export function fileClock(file: string): Clock {
  return {
    now: () => Date.now() + Number(readFileSync(file, 'utf8')),
    sleep: (ms, signal) => systemClock.sleep(ms, signal),
  }
}

/** Sets the clock of a file forward. */
export function setForward(file: string, ms: number): void {
  writeFileSync(file, String(ms))
}

/**
 * The machine's own timers, taken when this file is loaded. `vi.useFakeTimers()` and jest put others in their place, which
 * fire only when a test says so: whatever merely lets the event loop turn would wait for ever. What is a wait in itself, as
 * between attempts, uses the global timers, so that a test can move it.
 */
export const realTimers = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setImmediate: globalThis.setImmediate,
} as const

/**
 * Whether they had been replaced before this file was loaded. Timers of Sinon, which vitest and jest use, bear a `clock`;
 * the legacy ones of jest are mock functions.
 */
export const timersWereFake = isFake(realTimers.setImmediate)

/** Whether they are replaced now. */
export function timersAreFake(): boolean {
  return isFake(globalThis.setTimeout) || isFake(globalThis.setImmediate)
}

/** Lets what is due in the event loop run first. */
export function turnOfEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    realTimers.setImmediate(resolve)
  })
}

function isFake(timer: object): boolean {
  return 'clock' in timer || '_isMockFunction' in timer
}

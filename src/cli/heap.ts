import { setFlagsFromString } from 'node:v8'

/** How far the heap may grow over what is in use before V8 collects garbage. It would grow by up to 300 percent. */
const growingPercent = 60

/** The major versions of Node whose V8 has the flag: one that does not know it would say so on stderr. */
const testedOn = [20, 22, 24]

/** What a decision about the heap depends on. */
export interface HeapSubject {
  readonly nodeVersion: string
  /** The flags that Node was started with. */
  readonly flags: readonly string[]
}

/** The flag of V8 that keeps the heap small; `undefined` where whoever started Node has chosen, or V8 may not know it. */
export function heapFlag({ nodeVersion, flags }: HeapSubject): string | undefined {
  if (!testedOn.includes(Number.parseInt(nodeVersion, 10))) return undefined
  const isChosen = flags.some((flag) => /^"?--?(heap[-_]growing|(max|min)[-_](heap|old|semi))[-_]/.test(flag))
  return isChosen ? undefined : `--heap-growing-percent=${growingPercent}`
}

/**
 * A run of the command peaks a third lower, for 5 to 10 % more CPU (docs/performance.md). For the command only: a library leaves the
 * flags of a process to whoever owns it.
 */
export function keepHeapSmall(): void {
  const { NODE_OPTIONS = '' } = process.env
  const flags = [...process.execArgv, ...NODE_OPTIONS.split(/\s+/)]
  const flag = heapFlag({ nodeVersion: process.versions.node, flags })
  if (flag !== undefined) setFlagsFromString(flag)
}

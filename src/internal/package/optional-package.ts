import { LegalHoldError, type Stage } from '../../model/errors.js'

/** A package that is loaded on first use. */
export interface OptionalPackage<T> {
  readonly name: string
  readonly stage: Stage
  readonly load: () => Promise<T>
  /** Whether all that is needed of it is there. */
  readonly isWhole: (loaded: T) => boolean
}

/**
 * Loads a package, and says what to do if that fails.
 *
 * @throws LegalHoldError `MISSING_DEPENDENCY`
 */
export async function loadPackage<T>({ name, stage, load, isWhole }: OptionalPackage<T>): Promise<T> {
  const fail = (advice: string, cause: unknown) =>
    new LegalHoldError(`The package ${name} could not be loaded. ${advice}`, {
      code: 'MISSING_DEPENDENCY',
      stage,
      cause,
      details: { dependency: name },
    })
  let loaded: T
  try {
    loaded = await load()
  } catch (error) {
    throw fail(adviceFor(name, error), error)
  }
  // esbuild runs a module of a bundle once: a second import of one that failed resolves to what had been exported before.
  if (!isWhole(loaded)) throw fail(bundlingAdvice(name), undefined)
  return loaded
}

function adviceFor(name: string, error: unknown): string {
  const { code, message = String(error) } = (error ?? {}) as { readonly code?: unknown; readonly message?: string }
  if (isBundled(message)) return bundlingAdvice(name)
  if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') {
    return `Install it beside genesys-legal-hold-exporter: npm install ${name}`
  }
  return `Loading it failed: ${message}. Install it again (npm install ${name}), and see whether a bundler changed it.`
}

/** What esbuild (`Dynamic require of "fs" is not supported`), Rollup and webpack say of a `require` in an ES module. */
function isBundled(message: string): boolean {
  return /dynamic require|require is not defined/i.test(message)
}

function bundlingAdvice(name: string): string {
  return (
    `A bundler wrote it into an ES module, where its require() does not work. Keep it out of the bundle (esbuild: --external:${name}), ` +
    'bundle as CommonJS (--format=cjs), or give the bundle a require: ' +
    `--banner:js="import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"`
  )
}

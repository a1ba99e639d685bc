import { LegalHoldError } from '../../model/errors.js'
import { ArgumentError } from '../arguments.js'

/** One mistake in a file. It never holds a value: that may be a secret. */
export interface FileMistake {
  readonly line: number | undefined
  readonly path: string
  readonly problem: string
}

/** All mistakes of a file, each with its line and path. */
export class MatterFileError extends ArgumentError {
  constructor(file: string, mistakes: readonly FileMistake[]) {
    // Two adapters may refuse the same key.
    super([...new Set(mistakes.map((one) => mistakeLine(file, one)))].join('\n'))
  }
}

function mistakeLine(file: string, { line, path, problem }: FileMistake): string {
  const where = line === undefined ? file : `${file}:${line}`
  return `${where}: ${path === '' ? '' : `${path} `}${problem}`
}

/**
 * What the library says of options that came out of a file, by the keys of the file. `undefined` for an error that is not
 * about options.
 *
 * @param prefix path of the section whose options were checked
 */
export function mistakesOf(error: unknown, prefix: string): FileMistake[] | undefined {
  if (!LegalHoldError.isInstance(error) || error.stage !== 'options') return undefined
  const { mistakes } = (error.details ?? {}) as { readonly mistakes?: unknown }
  const list = Array.isArray(mistakes) ? (mistakes as { readonly path?: unknown; readonly problem?: unknown }[]) : []
  const section = error.code === 'INVALID_REQUEST' ? 'request' : prefix
  if (list.length === 0) {
    return [
      {
        line: undefined,
        path: joined(section, ofOneKey[error.code] ?? ''),
        problem: `cannot be used: ${error.message}`,
      },
    ]
  }
  return list.map(({ path, problem }) => ({
    line: undefined,
    path: joined(section, String(path ?? '')),
    problem: String(problem),
  }))
}

/** Codes that are about one key, whatever the section. */
const ofOneKey: Readonly<Record<string, string>> = {
  INVALID_HOLD: 'hold.tag',
  UNKNOWN_REGION: 'region',
  INSECURE_ENDPOINT: 'endpoint',
}

function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('.')
}

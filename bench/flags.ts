import { type ParseArgsConfig, parseArgs } from 'node:util'

/** The flags of a bench. Prints its usage and ends the process for `--help`, and for what is not a flag. */
export function flags<T extends NonNullable<ParseArgsConfig['options']>>(options: T, usage: string) {
  if (process.argv.includes('--help')) {
    console.log(usage)
    process.exit(0)
  }
  try {
    return parseArgs({ options }).values
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error), usage)
  }
}

/** Says what is wrong with the flags, and ends the process. */
export function refuse(problem: string, usage: string): never {
  console.error(`${problem}\n\n${usage}`)
  process.exit(1)
}

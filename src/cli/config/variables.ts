/** A text with its variables in their places, and the names of those that are not set. */
export interface Substituted {
  readonly text: string
  readonly unset: readonly string[]
  /** Whether there was a variable at all. */
  readonly hasVariable: boolean
}

type Environment = Readonly<Record<string, string | undefined>>

const pattern = /\$?\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g

/** Puts `${NAME}` in place; `$${NAME}` stays as `${NAME}`. An empty variable counts as not set, as elsewhere. */
export function substitute(text: string, env: Environment): Substituted {
  const unset: string[] = []
  let hasVariable = false
  const replaced = text.replace(pattern, (found, name: string) => {
    if (found.startsWith('$$')) return found.slice(1)
    hasVariable = true
    const value = env[name]
    if (value === undefined || value === '') unset.push(name)
    return value ?? ''
  })
  return { text: replaced, unset, hasVariable }
}

/** A variable as a file names it. */
export function variable(name: string): string {
  return `\${${name}}`
}

/** Lays the given options over the defaults; an option that is `undefined` counts as not given. */
export function withDefaults<T extends object>(
  defaults: T,
  given: { readonly [K in keyof T]?: T[K] | undefined } | undefined,
): T {
  const merged = { ...defaults }
  for (const key of Object.keys(defaults) as (keyof T)[]) {
    const value = given?.[key]
    if (value !== undefined) merged[key] = value
  }
  return merged
}

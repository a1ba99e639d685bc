import { type ClassifiedObject, classifyObject, type LocatedObject, type Scope } from '#src/model/layout/places.js'

/** What each object of a folder is, with the whole folder in memory: what the window over a listing must find, too. */
export function classifyFolder(objects: readonly LocatedObject[], scope: Scope): ClassifiedObject[] {
  const names = new Set<string>()
  for (const { key } of objects) names.add(key.rest)
  const neighbours = { lies: (name: string) => names.has(name) }
  return objects.map((located) => classifyObject(located, neighbours, scope))
}

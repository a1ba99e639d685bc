import { type Members, membersOf } from './untrusted.js'

/** Whether a value that came out of a file is of a type. */
export type Form<T> = (value: unknown) => value is T

/** A form for each member of a type: one that is added to the type, and not here, does not compile. */
export type Forms<T> = { readonly [Name in keyof T]-?: Form<T[Name]> }

export const text: Form<string> = (value) => typeof value === 'string'
export const number: Form<number> = (value) => typeof value === 'number'
export const flag: Form<boolean> = (value) => typeof value === 'boolean'
export const anything: Form<unknown> = (_): _ is unknown => true

/** A word of a set that may grow: a later version, or an adapter of somebody else, may know more of them. */
export function openWord<T extends string>(): Form<T> {
  return (value): value is T => typeof value === 'string'
}

/** A word of a closed set; each must be named. */
export function word<T extends string>(words: Readonly<Record<T, true>>): Form<T> {
  return (value): value is T => typeof value === 'string' && Object.hasOwn(words, value)
}

/** This value and no other. */
export function exactly<const T extends string | number | boolean>(wanted: T): Form<T> {
  return (value): value is T => value === wanted
}

/** JSON has no `undefined`: what an adapter gave as `null`, or as a number that is none, was not known either. */
export function optional<T>(form: Form<T>): Form<T | undefined> {
  return (value): value is T | undefined => value === undefined || value === null || form(value)
}

export function either<A, B>(one: Form<A>, other: Form<B>): Form<A | B> {
  return (value): value is A | B => one(value) || other(value)
}

export function list<T>(form: Form<T>): Form<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.every(form)
}

/** Names that are not known beforehand, each with a value of one form. */
export function table<T>(form: Form<T>): Form<Readonly<Record<string, T>>> {
  return (value): value is Readonly<Record<string, T>> => isObject(value) && Object.values(value).every(form)
}

export function object<T extends object>(members: Forms<T>): Form<T> {
  const forms = Object.entries<Form<unknown>>(members)
  return (value): value is T => isObject(value) && forms.every(([name, form]) => form(value[name]))
}

/** Members by their names, to be gone through again and again. */
export type NamedForms = readonly (readonly [name: string, form: Form<unknown>])[]

/** The name of the first member that is not of its form. */
export function wrongMember(members: NamedForms, value: unknown): string | undefined {
  const given = membersOf(value)
  return members.find(([name, form]) => !form(given[name]))?.[0]
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

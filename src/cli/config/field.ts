/** What a key of matter.yaml may hold. The check, the JSON Schema and the flags are made from this. */
export type Field = TextField | PlainField | WordsField | ListField | TableField | ObjectField | EitherField

interface About {
  /** What it is for, in one sentence: the description in the schema. */
  readonly about: string
}

/** A text; a secret one is in no message. */
export interface TextField extends About {
  readonly kind: 'text'
  readonly holds?: 'secret' | 'path' | undefined
}

/** A number, or true or false. */
export interface PlainField<K extends 'number' | 'flag' = 'number' | 'flag'> extends About {
  readonly kind: K
}

/** One of some words. */
export interface WordsField<W extends string = string> extends About {
  readonly kind: 'words'
  readonly words: readonly W[]
}

/** A list. */
export interface ListField<F extends Field = Field> extends About {
  readonly kind: 'list'
  readonly of: F
}

/** Names that are the writer's own, with values of one kind. */
export interface TableField<F extends Field = Field> extends About {
  readonly kind: 'table'
  readonly of: F
}

/** Known names. */
export interface ObjectField<M extends Members = Members> extends About {
  readonly kind: 'object'
  readonly members: M
  readonly required: readonly string[]
}

/** One of several forms. */
export interface EitherField<F extends readonly Field[] = readonly Field[]> extends About {
  readonly kind: 'either'
  readonly of: F
}

/** Keys with what they may hold. */
export type Members = Readonly<Record<string, Field>>

/** The keys that a type of options asks for, except for what no file can say. */
export type MembersFor<T, Unsayable extends keyof T = never> = Readonly<Record<Exclude<keyof T, Unsayable>, Field>>

/** What a field holds once it is read. */
export type ValueOf<F> = F extends { readonly kind: 'text' }
  ? string
  : F extends { readonly kind: 'number' }
    ? number
    : F extends { readonly kind: 'flag' }
      ? boolean
      : F extends WordsField<infer W>
        ? W
        : F extends { readonly kind: 'list'; readonly of: infer I }
          ? readonly ValueOf<I>[]
          : F extends { readonly kind: 'table'; readonly of: infer I }
            ? Readonly<Record<string, ValueOf<I>>>
            : F extends { readonly kind: 'object'; readonly members: infer M }
              ? { readonly [K in keyof M]?: ValueOf<M[K]> | undefined }
              : F extends { readonly kind: 'either'; readonly of: readonly (infer I)[] }
                ? ValueOf<I>
                : never

export const text = (about: string): TextField => ({ kind: 'text', about })
export const secret = (about: string): TextField => ({ kind: 'text', about, holds: 'secret' })
export const path = (about: string): TextField => ({ kind: 'text', about, holds: 'path' })
export const number = (about: string): PlainField<'number'> => ({ kind: 'number', about })
export const flag = (about: string): PlainField<'flag'> => ({ kind: 'flag', about })
export const words = <const W extends string>(about: string, all: readonly W[]): WordsField<W> => ({
  kind: 'words',
  about,
  words: all,
})
export const list = <F extends Field>(about: string, of: F): ListField<F> => ({ kind: 'list', about, of })
export const table = <F extends Field>(about: string, of: F): TableField<F> => ({ kind: 'table', about, of })
export const object = <M extends Members>(
  about: string,
  members: M,
  required: readonly (keyof M & string)[] = [],
): ObjectField<M> => ({ kind: 'object', about, members, required })
export const either = <const F extends readonly Field[]>(about: string, of: F): EitherField<F> => ({
  kind: 'either',
  about,
  of,
})

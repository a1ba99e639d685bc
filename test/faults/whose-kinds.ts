import { madeAnew } from './answers-world.js'
import { type ByteAnswer, type ByteRequest, type Fate, withHeader } from './byte-proxy.js'

/** What a server does to the answers to one kind of request, or to all. */
export interface Kind {
  readonly name: string
  /** Makes what decides on each answer; it may remember those before. */
  readonly begin: () => (request: ByteRequest, answer: ByteAnswer) => Fate
  /** Whether requests, counted by what they are about, can meet it at all. */
  readonly isMetBy: (counts: ReadonlyMap<string, number>) => boolean
}

/** What a request is about: a key, or of a listing the place in its query. */
export function aboutOf({ key, target }: ByteRequest): string {
  return key === '' ? target : key
}

/** How the requests of a server are told apart, and its answers made to look new. */
export interface Wording {
  readonly aboutOf: (request: ByteRequest) => string
  readonly madeAnew: (answer: ByteAnswer) => ByteAnswer
}

const ofS3: Wording = { aboutOf, madeAnew }

const moments = ['together', 1, 'idle', 2] as const

/** Every third answer comes twice, each time at another moment. */
export const doubled: Kind = {
  name: 'doubled',
  isMetBy: () => true,
  begin: () => {
    const counts = new Map<string, number>()
    return ({ operation }, answer) => {
      const count = (counts.get(operation) ?? 0) + 1
      counts.set(operation, count)
      if (count % 3 !== 1) return {}
      return { answer, again: moments[Math.floor(count / 3) % moments.length] }
    }
  },
}

/** The first answer about a key once more, in place of a later one. */
export function stale(name: string, isOnce: boolean, { aboutOf, madeAnew }: Wording = ofS3): Kind {
  return {
    name,
    isMetBy: (counts) => [...counts.values()].some((count) => count > 1),
    begin: () => {
      const first = new Map<string, ByteAnswer>()
      const done = new Set<string>()
      return (request, answer) => {
        const about = `${request.operation} ${aboutOf(request)}`
        const former = first.get(about)
        if (former === undefined) first.set(about, answer)
        if (former === undefined || (isOnce && done.has(about))) return {}
        done.add(about)
        return { answer: madeAnew(former) }
      }
    },
  }
}

/** The answer about another key, in place of a key's own. */
export function foreign(name: string, isOnce: boolean, { aboutOf, madeAnew }: Wording = ofS3): Kind {
  return {
    name,
    isMetBy: (counts) => counts.size > 1,
    begin: () => {
      const last = new Map<string, { readonly about: string; readonly answer: ByteAnswer }>()
      const done = new Set<string>()
      return (request, answer) => {
        const { operation } = request
        const about = aboutOf(request)
        const former = last.get(operation)
        const isOther = former !== undefined && former.about !== about && !done.has(`${operation} ${about}`)
        if (former === undefined || (isOnce && former.about !== about)) last.set(operation, { about, answer })
        if (!isOther) return {}
        if (isOnce) done.add(`${operation} ${about}`)
        return { answer: madeAnew(former.answer) }
      }
    },
  }
}

const echoes = /<(Name|Bucket|Prefix|StartAfter|ContinuationToken|KeyMarker|VersionIdMarker)>[^<]*<\/\1>/g
const named = ['x-amz-request-id', 'x-amz-id-2', 'x-amz-version-id', 'x-amz-copy-source-version-id']

/** Nothing that tells whose answer it is: no id, no version, no repetition of what was asked. */
const absent: Kind = {
  name: 'absent',
  isMetBy: () => true,
  begin:
    () =>
    ({ operation }, answer) => {
      const bare = named.reduce((given, name) => withHeader(given, name, undefined), answer)
      if (!operation.startsWith('List')) return { answer: bare }
      // Of the page itself, not of what is listed on it.
      const text = bare.body.toString()
      const [head = '', ...rest] = text.split(/(?=<(?:Contents|Version|DeleteMarker|CommonPrefixes|Upload)>)/)
      return { answer: { ...bare, body: Buffer.from([head.replace(echoes, ''), ...rest].join('')) } }
    },
}

/** What passes: a run has to come to its end as if it had not been. */
export const passingKinds: readonly Kind[] = [doubled, stale('stale', true), foreign('foreign', true)]

/** What lasts: every answer to one kind of request is so. */
export const lastingKinds: readonly Kind[] = [stale('stale', false), foreign('foreign', false), absent]

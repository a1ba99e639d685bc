import { MarkedTexts } from '../../internal/tables/marked-texts.js'
import type { ListedObject } from '../../model/object.js'

/** A state of an object, as listings tell it. */
export type ObjectStateKey = Pick<ListedObject, 'key' | 'etag' | 'lastModified'>

const marks = { seen: 1, written: 2, done: 4 } as const

/** Remembers what is known of which states of which objects; a rewritten object is another state. */
export class SeenObjects {
  readonly #states = new MarkedTexts()

  /** `true` the first time this state of the object is shown. */
  add(object: ObjectStateKey): boolean {
    return (this.#states.mark(textOf(object), marks.seen) & marks.seen) === 0
  }

  /** Whether the state need not be read again. */
  has(object: ObjectStateKey): boolean {
    return (this.#states.marksOf(textOf(object)) & marks.seen) !== 0
  }

  /** Nothing else is to be done about this state. */
  addDone(object: ObjectStateKey): void {
    this.#states.mark(textOf(object), marks.done)
  }

  isDone(object: ObjectStateKey): boolean {
    return (this.#states.marksOf(textOf(object)) & marks.done) !== 0
  }

  /** The run itself has written this state, so that it need not be read again. */
  addWritten(object: ObjectStateKey, isDone: boolean): void {
    this.#states.mark(textOf(object), marks.seen | marks.written | (isDone ? marks.done : 0))
  }

  isWritten(object: ObjectStateKey): boolean {
    return (this.#states.marksOf(textOf(object)) & marks.written) !== 0
  }
}

function textOf({ key, etag, lastModified }: ObjectStateKey): string {
  // A listing gives milliseconds, HEAD's Last-Modified whole seconds: compare what both know.
  const seconds = lastModified === undefined ? '' : Math.floor(Date.parse(lastModified) / 1000)
  return `${seconds}\n${etag ?? ''}\n${key}`
}

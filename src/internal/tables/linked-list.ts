/** An item that knows its neighbours in the one list that it is in. */
export interface Linked<T> {
  previous: T | undefined
  next: T | undefined
}

/**
 * What is under way, for sets that change all the time. V8 makes the table of a `Set` anew after some hundred changes, and
 * each table that the garbage collection takes for lasting keeps what it held, and the table after it.
 */
export class LinkedList<T extends Linked<T>> {
  first: T | undefined
  last: T | undefined

  /** @param previous `undefined`: at the beginning */
  insertAfter(previous: T | undefined, item: T): void {
    const next = previous === undefined ? this.first : previous.next
    item.previous = previous
    item.next = next
    if (previous === undefined) this.first = item
    else previous.next = item
    if (next === undefined) this.last = item
    else next.previous = item
  }

  /** Once for each item. */
  remove(item: T): void {
    const { previous, next } = item
    if (previous === undefined) this.first = next
    else previous.next = next
    if (next === undefined) this.last = previous
    else next.previous = previous
    item.previous = undefined
    item.next = undefined
  }
}

import type { RecordedVerdict } from '../../journal/record-data.js'
import { isHoldTag, readTagList, type TagListForm } from '../../model/hold.js'
import type { HoldRequirements } from '../../model/requirements.js'

/** A page has room for some, and a bucket may hold thousands. */
const mostNamed = 20

/** What stands on objects in conflict where the mark of this hold should be: as a rule the tags of other matters. */
export class OtherHolds {
  readonly #found = new Set<string>()
  #requirements: HoldRequirements = {}

  /** What the run asks of each object. */
  begin(requirements: HoldRequirements): void {
    this.#requirements = requirements
    this.#found.clear()
  }

  add({ verdict, before }: Pick<RecordedVerdict, 'verdict' | 'before'>): void {
    if (verdict !== 'conflicting' || before === undefined) return
    const tags = before.tags === 'unreadable' ? undefined : before.tags
    this.#addValues(this.#requirements.metadata, before.metadata, 'metadata')
    this.#addValues(this.#requirements.tags, tags, 'object-tag')
  }

  /** In the order in which they were found. */
  get names(): readonly string[] {
    return [...this.#found]
  }

  #addValues(required: ValuesByName, actual: ValuesByName, form: TagListForm): void {
    for (const [name, expected] of Object.entries(required ?? {})) {
      const value = actual !== undefined && Object.hasOwn(actual, name) ? (actual[name] ?? '') : ''
      for (const found of isHoldTag(expected) ? readTagList(value, form) : [value]) {
        if (found !== expected && found !== '' && this.#found.size < mostNamed) this.#found.add(found)
      }
    }
  }
}

type ValuesByName = Readonly<Record<string, string>> | undefined

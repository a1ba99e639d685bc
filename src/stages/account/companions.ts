import { SeenSet } from '../../internal/tables/seen.js'
import type { ConversationRows } from './conversation-rows.js'

/** Transcripts and attachments of conversations, and files that look like attachments until their other half lands. */
export class Companions {
  readonly #conversations: ConversationRows
  /** Their keys; a key with a line break after it was found to be none. */
  readonly #keys = new SeenSet()
  /** Those that may be half of a recording and were written since the job was created. */
  readonly #fresh = new SeenSet()

  constructor(conversations: ConversationRows) {
    this.#conversations = conversations
  }

  /** A transcript or attachment was found. */
  know(key: string, owner: number): void {
    if (this.#keys.add(key)) this.#conversations.knowCompanion(owner, 1)
  }

  /** A file that may be half of a recording was written since the job was created. */
  noteFresh(key: string): void {
    this.#fresh.add(key)
  }

  isFresh(key: string): boolean {
    return this.#fresh.has(key)
  }

  /** A file is one of a recording. @returns whether it was taken for a companion until now */
  takeBack(key: string, owner: number): boolean {
    if (this.#keys.size === 0 || !this.#keys.has(key) || !this.#keys.add(`${key}\n`)) return false
    this.#conversations.knowCompanion(owner, -1)
    return true
  }
}

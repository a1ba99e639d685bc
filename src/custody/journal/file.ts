import { readSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { crc32 } from 'node:zlib'
import { LegalHoldError } from '../../model/errors.js'
import { syncDirectory } from './directories.js'
import { type FileIdentity, identityOf, lossOf } from './file-identity.js'
import { type LineBatch, readLines } from './lines.js'
import type { HeldLock } from './lock.js'
import type { JournalSink } from './writer.js'

/** So much of the end of the file is compared before each write. */
const tailBytes = 256
const readBytes = 1 << 20
const lineBreak = '\n'

/** What a journal's file is made of. */
export interface JournalFileParts {
  readonly path: string
  readonly lock: HeldLock
  /** Is shown what was written, which is valid during the call only. It must not throw. */
  readonly onWritten: (bytes: Uint8Array) => void
}

/**
 * The file of a journal while it is written. The file at its path must be the one that was written here. An open
 * descriptor takes every byte even if its file was deleted, replaced or truncated: the run would continue with
 * nothing on record.
 *
 * Before and after each group of lines the path is compared with the descriptor. An acknowledged intent was
 * therefore in its place at that moment. At the end the whole content is compared.
 */
export class JournalFile implements JournalSink {
  readonly handle: FileHandle
  /** Room for what is read of the end of the file. */
  readonly #shownTail = Buffer.allocUnsafeSlow(tailBytes)
  /** As it is named in errors. */
  readonly #path: string
  readonly #absolutePath: string
  readonly #identity: FileIdentity
  readonly #lock: HeldLock
  readonly #onWritten: (bytes: Uint8Array) => void
  /** The CRC-32 of what was written. Whoever would forge it is found by the evidence, which has a SHA-256 of it. */
  #crc32 = 0
  #tail: Buffer = Buffer.alloc(0)
  #writtenBytes = 0
  #durableBytes = 0
  /** Whether there is anything of this process in it. */
  #isChanged = false
  /** Somebody else changed it: from here on it is theirs. */
  #isLost = false

  private constructor(handle: FileHandle, identity: FileIdentity, { path, lock, onWritten }: JournalFileParts) {
    this.handle = handle
    this.#path = path
    this.#absolutePath = resolve(path)
    this.#identity = identity
    this.#lock = lock
    this.#onWritten = onWritten
  }

  static async open(parts: JournalFileParts): Promise<JournalFile> {
    const handle = await open(parts.path, 'a+', 0o600)
    try {
      return new JournalFile(handle, await identityOf(handle), parts)
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  /** Bytes that are certainly on the disk. */
  get durableBytes(): number {
    return this.#durableBytes
  }

  /**
   * Hands over the lines that are there, and cuts off what follows the last of them. Returns how many bytes that were.
   *
   * @param directory that of the file, which is synced: it may be new
   */
  async recover(directory: string, onLines: (batch: LineBatch) => void): Promise<number> {
    for await (const batch of readLines(this.handle, this.#path)) {
      onLines(batch)
      for (const line of batch.lines) this.#crc32 = crc32(lineBreak, crc32(line, this.#crc32))
      this.#writtenBytes = batch.endBytes
    }
    const { size } = await this.handle.stat()
    if (size > this.#writtenBytes) await this.handle.truncate(this.#writtenBytes)
    await this.handle.sync()
    await syncDirectory(directory)
    this.#durableBytes = this.#writtenBytes
    this.#tail = Buffer.from(this.#readTail(Math.min(tailBytes, this.#writtenBytes)))
    return size - this.#writtenBytes
  }

  async write(bytes: Buffer): Promise<void> {
    this.#check()
    this.#isChanged = true
    await this.handle.appendFile(bytes)
    this.#crc32 = crc32(bytes, this.#crc32)
    this.#onWritten(bytes)
    this.#writtenBytes += bytes.length
    const written = bytes.subarray(-tailBytes)
    this.#tail = Buffer.concat([this.#tail.subarray(Math.min(this.#tail.length, written.length)), written])
  }

  async sync(): Promise<void> {
    await this.handle.datasync()
    this.#checkPath()
    this.#durableBytes = this.#writtenBytes
  }

  /**
   * Looks at the whole file once more; for when nothing is written any more.
   *
   * @throws LegalHoldError `JOURNAL_UNWRITABLE`, `JOURNAL_LOCKED`
   */
  async checkAll(): Promise<void> {
    this.#check()
    if (!this.#isChanged) return
    let found = 0
    const buffer = Buffer.allocUnsafeSlow(readBytes)
    for (let offset = 0; offset < this.#writtenBytes; ) {
      const { bytesRead } = await this.handle.read(buffer, 0, readBytes, offset)
      if (bytesRead === 0) break
      found = crc32(buffer.subarray(0, bytesRead), found)
      offset += bytesRead
    }
    if (found !== this.#crc32) throw this.#lost('holds other bytes than were written')
    // It may have gone while it was read.
    this.#checkPath()
  }

  /** Takes back what a failed write left behind, so that nothing half-written stays where nobody opens the journal again. */
  async cutOff(): Promise<void> {
    if (this.#isLost) return
    const { size } = await this.handle.stat()
    if (size > this.#durableBytes) await this.handle.truncate(this.#durableBytes)
  }

  /**
   * Before anything is added: what somebody else has changed is left as it is. All of it at once, and not one turn of the
   * thread pool after another: a system call that only looks takes a few microseconds, and the lanes wait for the group.
   */
  #check(): void {
    this.#checkPath()
    if (!this.#readTail(this.#tail.length).equals(this.#tail)) throw this.#lost('ends in other bytes than were written')
    try {
      this.#lock.check()
    } catch (error) {
      this.#isLost = true
      throw error
    }
  }

  #checkPath(): void {
    const loss = lossOf(this.#absolutePath, this.#identity, this.#writtenBytes)
    if (loss !== undefined) throw this.#lost(loss)
  }

  /** Valid until the next call. */
  #readTail(length: number): Buffer {
    const bytesRead = readSync(this.handle.fd, this.#shownTail, 0, length, this.#writtenBytes - length)
    return this.#shownTail.subarray(0, bytesRead)
  }

  #lost(why: string): LegalHoldError {
    this.#isLost = true
    return new LegalHoldError(
      `The journal ${this.#path} ${why}: another program changed it during the run. The run stops, since nothing is done that is not ` +
        'on record. Put the journal back as it was if you can, keep other programs away from its folder, and run again with it: ' +
        'every object is read again.',
      { code: 'JOURNAL_UNWRITABLE', stage: 'journal', details: { path: this.#path } },
    )
  }
}

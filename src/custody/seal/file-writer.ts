import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'

const bufferBytes = 1 << 20

/** Writes a file from its start in large pieces and knows its SHA-256 at the end. */
export class FileWriter {
  readonly #file: FileHandle
  readonly #buffer = Buffer.allocUnsafe(bufferBytes)
  #sha256: Hash = createHash('sha256')
  #bufferedBytes = 0
  #writtenBytes = 0

  private constructor(file: FileHandle) {
    this.#file = file
  }

  /** Creates the file; one that exists is an error. */
  static async create(path: string): Promise<FileWriter> {
    return new FileWriter(await open(path, 'wx'))
  }

  /** Takes a copy of the bytes, if there is room for them; else they must be given to `write`. */
  take(bytes: Uint8Array): boolean {
    if (this.#bufferedBytes + bytes.length > bufferBytes) return false
    this.#buffer.set(bytes, this.#bufferedBytes)
    this.#bufferedBytes += bytes.length
    return true
  }

  /** Writes what was taken before, then takes or writes the bytes. */
  async write(bytes: Uint8Array): Promise<void> {
    await this.#flush()
    if (!this.take(bytes)) await this.#put(bytes)
  }

  /** Begins again. */
  async restart(): Promise<void> {
    this.#bufferedBytes = 0
    this.#writtenBytes = 0
    this.#sha256 = createHash('sha256')
    await this.#file.truncate(0)
  }

  /** Makes the file durable and closes it. Returns its SHA-256 in hex. */
  async finish(): Promise<string> {
    await this.#flush()
    await this.#file.sync()
    await this.#file.close()
    return this.#sha256.digest('hex')
  }

  /** Closes it as it is. */
  async abandon(): Promise<void> {
    await this.#file.close().catch(() => {})
  }

  async #flush(): Promise<void> {
    const bytes = this.#buffer.subarray(0, this.#bufferedBytes)
    this.#bufferedBytes = 0
    await this.#put(bytes)
  }

  async #put(bytes: Uint8Array): Promise<void> {
    this.#sha256.update(bytes)
    for (let from = 0; from < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, from, bytes.length - from, this.#writtenBytes)
      // A disk that takes nothing and says so without an error would be asked for ever.
      if (bytesWritten === 0) throw new Error('the disk took none of the bytes that were written')
      from += bytesWritten
      this.#writtenBytes += bytesWritten
    }
  }
}

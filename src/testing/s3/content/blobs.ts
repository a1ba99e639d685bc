import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { mkdir, open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Body } from '../state/object-version.js'

/** Where bytes are kept. A blob lives as long as something retains it. */
export interface BlobStore {
  /** Stores bytes that nothing retains yet. */
  put(bytes: Buffer): Promise<string>
  read(id: string, start: number, end: number): Promise<Buffer>
  retain(id: string): void
  release(id: string): void
}

abstract class CountedBlobs {
  readonly #holders = new Map<string, number>()

  retain(id: string): void {
    this.#holders.set(id, (this.#holders.get(id) ?? 0) + 1)
  }

  release(id: string): void {
    const left = (this.#holders.get(id) ?? 1) - 1
    if (left > 0) {
      this.#holders.set(id, left)
      return
    }
    this.#holders.delete(id)
    this.remove(id)
  }

  protected abstract remove(id: string): void

  protected isHeld(id: string): boolean {
    return this.#holders.has(id)
  }
}

/** Bytes in memory. */
export class MemoryBlobs extends CountedBlobs implements BlobStore {
  readonly #bytes = new Map<string, Buffer>()
  #next = 0

  async put(bytes: Buffer): Promise<string> {
    const id = String(this.#next++)
    this.#bytes.set(id, bytes)
    return id
  }

  async read(id: string, start: number, end: number): Promise<Buffer> {
    const bytes = this.#bytes.get(id)
    if (bytes === undefined) throw new Error(`The simulator lost the bytes ${id}.`)
    return bytes.subarray(start, end)
  }

  protected remove(id: string): void {
    this.#bytes.delete(id)
  }
}

/** Bytes as files of random names: never overwritten, so that a killed process leaves no torn one behind. */
export class FileBlobs extends CountedBlobs implements BlobStore {
  readonly #folder: string
  readonly #made = new Set<string>()

  constructor(folder: string) {
    super()
    this.#folder = folder
    mkdirSync(folder, { recursive: true })
  }

  async put(bytes: Buffer): Promise<string> {
    const id = randomUUID()
    const folder = join(this.#folder, id.slice(0, 2))
    if (!this.#made.has(folder)) {
      await mkdir(folder, { recursive: true })
      this.#made.add(folder)
    }
    await writeFile(this.#path(id), bytes)
    return id
  }

  async read(id: string, start: number, end: number): Promise<Buffer> {
    const path = this.#path(id)
    if (start === 0 && end <= 65_536) return (await readFile(path)).subarray(0, end)
    const file = await open(path, 'r')
    try {
      const buffer = Buffer.alloc(end - start)
      const { bytesRead } = await file.read(buffer, 0, buffer.length, start)
      return buffer.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  }

  /** Removes what a killed process stored and never referred to. Call it once all state is loaded. */
  removeUnheld(): void {
    for (const name of readdirSync(this.#folder, { recursive: true, encoding: 'utf8' })) {
      const id = name.slice(name.lastIndexOf('/') + 1)
      if (id.length === 36 && !this.isHeld(id)) rmSync(this.#path(id), { force: true })
    }
  }

  protected remove(id: string): void {
    rmSync(this.#path(id), { force: true })
  }

  #path(id: string): string {
    return join(this.#folder, id.slice(0, 2), id)
  }
}

/** Stores bytes as a body of its own. */
export async function storeBody(blobs: BlobStore, bytes: Buffer): Promise<Body> {
  if (bytes.length === 0) return { segments: [], sizeBytes: 0 }
  const blob = await blobs.put(bytes)
  return { segments: [{ blob, start: 0, length: bytes.length }], sizeBytes: bytes.length }
}

/** Keeps the bytes of a body from being removed. */
export function retainBody(blobs: BlobStore, body: Body): void {
  for (const segment of body.segments) blobs.retain(segment.blob)
}

/** Lets go of the bytes of a body: those that nothing else retains are removed. */
export function releaseBody(blobs: BlobStore, body: Body): void {
  for (const segment of body.segments) blobs.release(segment.blob)
}

/** The bytes of a body from `start` up to `end`, without copying them. */
export function sliceBody(body: Body, start: number, end: number): Body {
  const segments = []
  let offset = 0
  for (const segment of body.segments) {
    const from = Math.max(start, offset)
    const to = Math.min(end, offset + segment.length)
    if (from < to) {
      segments.push({ blob: segment.blob, start: segment.start + from - offset, length: to - from })
    }
    offset += segment.length
  }
  return { segments, sizeBytes: Math.max(0, Math.min(end, body.sizeBytes) - start) }
}

/** One body after the other, without copying their bytes. */
export function joinBodies(bodies: readonly Body[]): Body {
  return {
    segments: bodies.flatMap((body) => body.segments),
    sizeBytes: bodies.reduce((sum, body) => sum + body.sizeBytes, 0),
  }
}

const chunkBytes = 1_048_576

/** The bytes of a body, a chunk at a time. */
export async function* readBody(blobs: BlobStore, body: Body): AsyncGenerator<Buffer> {
  for (const segment of body.segments) {
    for (let at = 0; at < segment.length; at += chunkBytes) {
      const end = Math.min(segment.length, at + chunkBytes)
      yield await blobs.read(segment.blob, segment.start + at, segment.start + end)
    }
  }
}

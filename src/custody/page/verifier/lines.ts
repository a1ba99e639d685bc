import { joinBytes } from '../../crypto/bytes.js'
import { Sha256 } from './sha256.js'

const pieceBytes = 4 << 20
// As for the library: no record comes near it.
const longestLineBytes = 1 << 26
const lineBreak = 0x0a

/** What a file is for the page: `File` and `Blob` are. */
export interface LocalFile {
  readonly size: number
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> }
}

/** The bytes of a file, a piece at a time. */
export async function* piecesOf(file: LocalFile): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < file.size; at += pieceBytes) {
    yield new Uint8Array(await file.slice(at, Math.min(at + pieceBytes, file.size)).arrayBuffer())
  }
}

/** All bytes of a file. */
export async function bytesOf(file: LocalFile): Promise<Uint8Array> {
  return new Uint8Array(await file.slice(0, file.size).arrayBuffer())
}

/** The text of a file; `undefined` where it is not UTF-8. */
export async function textOf(file: LocalFile): Promise<string | undefined> {
  return utf8(await bytesOf(file))
}

/** Bytes as a text; `undefined` where they are not UTF-8. */
export function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** SHA-256 of a file. */
export async function hashOf(file: LocalFile): Promise<Uint8Array> {
  const hash = new Sha256()
  for await (const piece of piecesOf(file)) hash.update(piece)
  return hash.digest()
}

/** What reading lines came to. */
export interface LinesRead {
  readonly digest: Uint8Array
  /** Bytes behind the last line break. */
  readonly tornBytes: number
  readonly isTooLong: boolean
}

/** Reads a file once: hands each line on without its end, and hashes all of it. */
export async function readLines(file: LocalFile, onLine: (line: Uint8Array) => void): Promise<LinesRead> {
  const hash = new Sha256()
  let parts: Uint8Array[] = []
  let heldBytes = 0
  let isTooLong = false
  for await (const piece of piecesOf(file)) {
    hash.update(piece)
    if (isTooLong) continue
    let from = 0
    for (let end = piece.indexOf(lineBreak); end >= 0; end = piece.indexOf(lineBreak, from)) {
      const last = piece.subarray(from, end)
      onLine(heldBytes === 0 ? last : joinBytes([...parts, last]))
      parts = []
      heldBytes = 0
      from = end + 1
    }
    const rest = piece.subarray(from)
    if (rest.length > 0) parts.push(rest)
    heldBytes += rest.length
    isTooLong = heldBytes > longestLineBytes
    if (isTooLong) parts = []
  }
  return { digest: hash.digest(), tornBytes: heldBytes, isTooLong }
}

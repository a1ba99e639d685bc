/** First 32 bits of the fractional parts of the square roots of the first 8 primes (FIPS 180-4, 5.3.3). */
const start = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19]

/** First 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2). */
const constants = Int32Array.from(firstPrimes(64), (prime) => (Math.cbrt(prime) % 1) * 2 ** 32)

const blockBytes = 64

/**
 * SHA-256 of bytes that come in pieces (FIPS 180-4, 6.2). WebCrypto hashes only what is in memory as a whole, and the
 * records of a bundle may be larger than that. The page compares it with WebCrypto's before it relies on it.
 */
export class Sha256 {
  readonly #state = Int32Array.from(start)
  readonly #block = new Uint8Array(blockBytes)
  readonly #words = new Int32Array(blockBytes)
  #filled = 0
  #length = 0

  update(bytes: Uint8Array): this {
    this.#length += bytes.length
    let at = 0
    if (this.#filled > 0) {
      at = Math.min(blockBytes - this.#filled, bytes.length)
      this.#block.set(bytes.subarray(0, at), this.#filled)
      this.#filled += at
      if (this.#filled < blockBytes) return this
      this.#compress(this.#block, 0)
      this.#filled = 0
    }
    for (; at + blockBytes <= bytes.length; at += blockBytes) this.#compress(bytes, at)
    this.#block.set(bytes.subarray(at), 0)
    this.#filled = bytes.length - at
    return this
  }

  /** 32 bytes. Nothing can be added afterwards. */
  digest(): Uint8Array {
    const length = this.#length
    // A 1, as many 0 as needed, and the length in bits.
    const zeros = (2 * blockBytes - 9 - this.#filled) % blockBytes
    const padding = new Uint8Array(1 + zeros + 8)
    padding[0] = 0x80
    const view = new DataView(padding.buffer)
    view.setUint32(1 + zeros, Math.floor(length / 2 ** 29))
    view.setUint32(5 + zeros, (length * 8) % 2 ** 32)
    this.update(padding)
    const bytes = new Uint8Array(32)
    const out = new DataView(bytes.buffer)
    for (const [at, word] of this.#state.entries()) out.setInt32(4 * at, word)
    return bytes
  }

  #compress(bytes: Uint8Array, from: number): void {
    const words = this.#words
    for (let t = 0; t < 16; t += 1) {
      const at = from + 4 * t
      words[t] =
        (byte(bytes, at) << 24) | (byte(bytes, at + 1) << 16) | (byte(bytes, at + 2) << 8) | byte(bytes, at + 3)
    }
    for (let t = 16; t < 64; t += 1) {
      const [w2, w15] = [word(words, t - 2), word(words, t - 15)]
      const s0 = rotated(w15, 7) ^ rotated(w15, 18) ^ (w15 >>> 3)
      const s1 = rotated(w2, 17) ^ rotated(w2, 19) ^ (w2 >>> 10)
      words[t] = (s1 + word(words, t - 7) + s0 + word(words, t - 16)) | 0
    }
    const state = this.#state
    let a = word(state, 0)
    let b = word(state, 1)
    let c = word(state, 2)
    let d = word(state, 3)
    let e = word(state, 4)
    let f = word(state, 5)
    let g = word(state, 6)
    let h = word(state, 7)
    for (let t = 0; t < 64; t += 1) {
      const s1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
      const one = (h + s1 + ((e & f) ^ (~e & g)) + word(constants, t) + word(words, t)) | 0
      const s0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)
      const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
      h = g
      g = f
      f = e
      e = (d + one) | 0
      d = c
      c = b
      b = a
      a = (one + two) | 0
    }
    add(state, 0, a)
    add(state, 1, b)
    add(state, 2, c)
    add(state, 3, d)
    add(state, 4, e)
    add(state, 5, f)
    add(state, 6, g)
    add(state, 7, h)
  }
}

/** SHA-256 of bytes that are all here. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = new Sha256()
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** Bytes in hex. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (one) => one.toString(16).padStart(2, '0')).join('')
}

function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0
}

function word(words: Int32Array, at: number): number {
  return words[at] ?? 0
}

function rotated(value: number, bits: number): number {
  return (value >>> bits) | (value << (32 - bits))
}

function add(state: Int32Array, at: number, value: number): void {
  state[at] = (word(state, at) + value) | 0
}

function firstPrimes(count: number): readonly number[] {
  const primes: number[] = []
  for (let candidate = 2; primes.length < count; candidate += 1) {
    if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate)
  }
  return primes
}

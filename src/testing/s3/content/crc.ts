import { crc32 } from 'node:zlib'

/** A running checksum. */
export interface RunningChecksum {
  update(bytes: Buffer): void
  digest(): Buffer
}

/** CRC-32, as of zlib. */
export function crc32Checksum(): RunningChecksum {
  let value = 0
  return {
    update(bytes) {
      value = crc32(bytes, value)
    },
    digest: () => word(value),
  }
}

const castagnoli = reflectedTable(0x82f63b78)

/** CRC-32C (Castagnoli). */
export function crc32cChecksum(): RunningChecksum {
  let value = 0xffffffff
  return {
    update(bytes) {
      for (let i = 0; i < bytes.length; i++) {
        value = (value >>> 8) ^ (castagnoli[(value ^ (bytes[i] ?? 0)) & 0xff] ?? 0)
      }
    },
    digest: () => word(~value >>> 0),
  }
}

// CRC-64/NVME: polynomial ad93d23594c93659, reflected, all ones in and out. In two halves of 32 bits, since a
// BigInt a byte would be slow.
const [nvmeHigh, nvmeLow] = reflectedTables(0x9a6c9329, 0xac4bc9b5)

/** CRC-64/NVME, which S3 adds to whatever comes without a checksum. */
export function crc64nvmeChecksum(): RunningChecksum {
  let high = 0xffffffff
  let low = 0xffffffff
  return {
    update(bytes) {
      for (let i = 0; i < bytes.length; i++) {
        const at = (low ^ (bytes[i] ?? 0)) & 0xff
        low = ((low >>> 8) | (high << 24)) ^ (nvmeLow[at] ?? 0)
        high = (high >>> 8) ^ (nvmeHigh[at] ?? 0)
      }
    },
    digest: () => Buffer.concat([word(~high >>> 0), word(~low >>> 0)]),
  }
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value >>> 0)
  return bytes
}

function reflectedTable(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, index) => {
    let value = index
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? polynomial : 0)
    return value >>> 0
  })
}

function reflectedTables(polynomialHigh: number, polynomialLow: number): [high: Uint32Array, low: Uint32Array] {
  const highs = new Uint32Array(256)
  const lows = new Uint32Array(256)
  for (let index = 0; index < 256; index++) {
    let high = 0
    let low = index
    for (let bit = 0; bit < 8; bit++) {
      const carry = low & 1
      low = ((low >>> 1) | (high << 31)) ^ (carry ? polynomialLow : 0)
      high = (high >>> 1) ^ (carry ? polynomialHigh : 0)
    }
    highs[index] = high >>> 0
    lows[index] = low >>> 0
  }
  return [highs, lows]
}

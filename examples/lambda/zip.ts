import { crc32, deflateRawSync } from 'node:zlib'

/** A ZIP archive of one file, as Lambda takes it. The same content is the same archive: it carries no time. */
export function zipOf(name: string, content: Uint8Array): Buffer {
  const file = Buffer.from(name)
  const packed = deflateRawSync(content, { level: 9 })
  const facts = Buffer.alloc(26)
  facts.writeUInt16LE(20, 0) // Version that is needed to unpack it.
  facts.writeUInt16LE(0x0800, 2) // The name is UTF-8.
  facts.writeUInt16LE(8, 4) // Deflate.
  facts.writeUInt16LE(0x21, 8) // The first of January 1980, before which there is no date.
  facts.writeUInt32LE(crc32(content), 10)
  facts.writeUInt32LE(packed.length, 14)
  facts.writeUInt32LE(content.length, 18)
  facts.writeUInt16LE(file.length, 22)
  const local = Buffer.concat([signature(0x04034b50), facts, file, packed])
  // Made by Unix; readable by everybody, as Lambda demands.
  const attributes = Buffer.alloc(14)
  attributes.writeUInt32LE((0o100644 << 16) >>> 0, 6)
  const entry = Buffer.concat([signature(0x02014b50), Buffer.from([20, 3]), facts, attributes, file])
  const end = Buffer.alloc(18)
  end.writeUInt16LE(1, 4)
  end.writeUInt16LE(1, 6)
  end.writeUInt32LE(entry.length, 8)
  end.writeUInt32LE(local.length, 12)
  return Buffer.concat([local, entry, signature(0x06054b50), end])
}

function signature(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

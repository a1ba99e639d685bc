import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { throwIfAborted } from '../../internal/abort.js'
import type { CallOptions } from '../../ports/runtime.js'

const chunkBytes = 1 << 18

/** SHA-256 of a file, hex. In one buffer: a stream takes a new one for each piece, and they pile up until V8 looks for garbage. */
export async function digestOfFile(path: string, { signal }: CallOptions = {}): Promise<string> {
  const sha256 = createHash('sha256')
  const file = await open(path, 'r')
  try {
    const buffer = Buffer.allocUnsafeSlow(chunkBytes)
    for (;;) {
      throwIfAborted(signal, 'report')
      const { bytesRead } = await file.read(buffer, 0, chunkBytes, null)
      if (bytesRead === 0) return sha256.digest('hex')
      sha256.update(buffer.subarray(0, bytesRead))
    }
  } finally {
    await file.close()
  }
}

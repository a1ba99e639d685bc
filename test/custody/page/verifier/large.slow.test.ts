import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { hex, Sha256 } from '#src/custody/page/verifier/sha256.js'

test('the SHA-256 of the page counts the bits of more bytes than fit into 32 bits of them', () => {
  const piece = Buffer.alloc(1 << 20, 7)
  const [own, other] = [new Sha256(), createHash('sha256')]
  for (let count = 0; count < 513; count += 1) {
    own.update(piece)
    other.update(piece)
  }
  expect(hex(own.digest())).toBe(other.digest('hex'))
})

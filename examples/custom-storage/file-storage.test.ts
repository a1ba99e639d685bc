// node --import tsx --test examples/custom-storage/file-storage.test.ts
import { deepStrictEqual } from 'node:assert'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { storageConformance } from 'genesys-legal-hold-exporter/testing'
import { FileStorage } from './file-storage.ts'

const expect = (actual: unknown) => ({ toEqual: (expected: unknown) => deepStrictEqual(actual, expected) })

storageConformance(
  { describe, test, expect },
  {
    create: async () => {
      const folder = await mkdtemp(join(tmpdir(), 'file-storage-'))
      const adapter = new FileStorage(folder)
      return {
        adapter,
        seed: (key, { body, ...given }) => adapter.put(key, body, given),
        close: () => rm(folder, { recursive: true, force: true }),
      }
    },
  },
)

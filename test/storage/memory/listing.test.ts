import fc from 'fast-check'
import { expect, test } from 'vitest'
import { collect } from '#src/internal/streams/streams.js'
import { MemoryStorageAdapter } from '#src/testing/index.js'

const part = fc.constantFrom('a', 'a-', 'a0', 'b', 'ä', 'ￜ', '😀', '')
const key = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
const change = fc.tuple(fc.constantFrom('put', 'put', 'delete', 'list'), key)
const inBytes = (one: string, other: string) => Buffer.compare(Buffer.from(one), Buffer.from(other))

test('a listing is that of S3 after any changes: in the order of bytes, below its prefix, behind its start', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 30 }), key, fc.option(key), async (changes, prefix, start) => {
      for (const versioning of [true, false]) {
        const storage = new MemoryStorageAdapter({ versioning })
        const there = new Set<string>()
        for (const [what, name] of changes) {
          if (what === 'put') {
            storage.put(name)
            there.add(name)
          } else if (what === 'delete') {
            storage.delete(name)
            there.delete(name)
          } else await collect(storage.list(name))
        }
        const below = [...there].sort(inBytes).filter((name) => name.startsWith(prefix))
        const behind = below.filter((name) => start === null || inBytes(name, start) > 0)
        const listed = await collect(storage.list(prefix, start === null ? {} : { startAfter: start }))
        expect(listed.map((one) => one.key)).toEqual(behind)
        const folders = below.flatMap((name) => {
          const end = name.indexOf('/', prefix.length)
          return end < 0 ? [] : [name.slice(0, end + 1)]
        })
        expect(await collect(storage.listFolders(prefix))).toEqual([...new Set(folders)])
      }
    }),
    { numRuns: 300 },
  )
})

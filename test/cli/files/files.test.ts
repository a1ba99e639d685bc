import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { folderName } from '#src/cli/files/places.js'
import { writeReport } from '#src/cli/files/report-file.js'
import { makeSigningKey } from '#src/cli/files/signing-key.js'

describe('the folder of a matter', () => {
  test.each([
    ['Doe v. Acme, 2023', 'Doe-v.-Acme-2023'],
    ['../../etc/passwd', 'etc-passwd'],
    ['a/b:c', 'a-b-c'],
    ['Überwachung', 'U-berwachung'],
    ['…', 'matter'],
  ])('of %j is %j', (matter, name) => expect(folderName(matter)).toBe(name))

  test('is one name that leads nowhere else, whatever the matter is called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (matter) =>
        /^[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?$/.test(folderName(matter)),
      ),
    )
  })
})

test('a report is never written over another one, and the same one is not written twice', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'report-'))
  const path = join(folder, 'legal-hold/report.json')
  expect(await writeReport(path, { a: 1 })).toBe(path)
  expect(await writeReport(path, { a: 1 })).toBe(path)
  expect(await writeReport(path, { a: 2 })).toBe(join(folder, 'legal-hold/report-2.json'))
  expect(await writeReport(path, { a: 3 })).toBe(join(folder, 'legal-hold/report-3.json'))
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ a: 1 })
  expect(readdirSync(join(folder, 'legal-hold'))).toHaveLength(3)
})

test('a signing key that is there is taken, never replaced', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'key-'))
  const first = await makeSigningKey(folder)
  const pem = readFileSync(first.keyFile, 'utf8')
  expect(await makeSigningKey(folder)).toEqual(first)
  expect(readFileSync(first.keyFile, 'utf8')).toBe(pem)
})

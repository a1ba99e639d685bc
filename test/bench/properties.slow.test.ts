import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

function rowsOf(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
}

test('what a repair leaves of each property is what docs/repair.md says', async () => {
  const out = await new Promise<string>((resolve, reject) => {
    // Without PATH no other tool is found: the library alone is on trial here.
    execFile(
      process.execPath,
      ['--import', 'tsx', 'bench/properties.ts'],
      { cwd: root, env: { PATH: '', npm_package_version: 'x' } },
      (error, stdout, stderr) => (error === null ? resolve(stdout) : reject(new Error(stderr))),
    )
  })
  expect(out).toContain('Not installed: aws s3 cp, rclone copyto, s5cmd cp, s3cmd modify.')
  const [head, , ...rows] = rowsOf(out)
  expect(head).toEqual(['', 'this library x'])
  expect(rows[0]).toEqual(['tag written', 'yes'])
  expect(rows.at(-1)).toEqual(['delivered original beneath', 'held'])
  const properties = rows.slice(1, -1)
  expect(properties.length).toBeGreaterThan(15)
  for (const [name, verdict] of properties) expect([name, verdict]).toEqual([name, 'kept'])

  const page = readFileSync(new URL('../../docs/repair.md', import.meta.url), 'utf8')
  const section = page.slice(page.indexOf('## What is left of each property'))
  const printed = rowsOf(section.slice(0, section.indexOf('\n## ', 1)))
  expect(printed.slice(2).map(([name, verdict]) => [name, verdict])).toEqual(rows)
})

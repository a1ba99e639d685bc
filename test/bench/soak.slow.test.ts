import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'

test('a small soak: with 1 % faults nothing is lost and nothing done twice', async () => {
  const flags = ['--expose-gc', '--import', 'tsx', 'bench/soak.ts', '--objects', '2000']
  const child = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      printed += data
    })
  }
  const [code] = await once(child, 'close')
  console.log(printed)
  expect(printed).toMatch(/^nothing lost$/m)
  expect(code).toBe(0)
  // Without a fault it would have shown nothing.
  expect(Number(/^(\d+) faults in \d+ requests/m.exec(printed)?.[1])).toBeGreaterThan(10)
  expect(Number(/, (\d+) of them repaired$/m.exec(printed)?.[1])).toBeGreaterThan(10)
  expect(printed.match(/^\d+ % of the objects: heap/gm)).toHaveLength(4)
}, 300_000)

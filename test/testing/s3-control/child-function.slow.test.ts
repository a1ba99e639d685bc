import type { ChildProcess } from 'node:child_process'
import { expect, test } from 'vitest'
import { childFunction } from '../../../src/testing/index.js'

const moduleOf = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`
const context = { getRemainingTimeInMillis: () => 60_000 }

test('answers from a process of its own, which knows how long it has', async () => {
  const module = moduleOf(
    'export const batch = async (event, context) => ({ ...event, pid: process.pid, left: context.getRemainingTimeInMillis() > 30000 })',
  )
  const call = childFunction({ module, handler: 'batch' })
  const answer = (await call({ a: 1 } as never, context)) as { pid: number }
  expect(answer).toMatchObject({ a: 1, left: true })
  expect(answer.pid).not.toBe(process.pid)
})

test('an error keeps its name', async () => {
  const module = moduleOf(
    "export const handler = async () => { throw Object.assign(new Error('later'), { name: 'ShardUnfinished' }) }",
  )
  await expect(childFunction({ module })({} as never, context)).rejects.toMatchObject({
    name: 'ShardUnfinished',
    message: 'later',
  })
})

test('a process that is killed, and one that ends without an answer, are gone', async () => {
  const children: ChildProcess[] = []
  const hangs = moduleOf(
    "export const handler = () => { process.kill(process.pid, 'SIGKILL'); return new Promise(() => {}) }",
  )
  const killed = childFunction({ module: hangs, onProcess: (child) => void children.push(child) })({} as never, context)
  await expect(killed).rejects.toMatchObject({ name: 'Runtime.ExitError', message: expect.stringContaining('SIGKILL') })
  expect(children).toHaveLength(1)
  const ends = moduleOf('export const handler = () => process.exit(3)')
  await expect(childFunction({ module: ends })({} as never, context)).rejects.toMatchObject({
    message: expect.stringContaining('exit status 3'),
  })
})

import { expect, test } from 'vitest'
import { commands } from '#src/cli/commands.js'
import { brokenAt } from '#src/cli/line-breaks.js'
import { runCli } from '#src/cli/run.js'
import { columnsOf } from '#src/progress/fit.js'

/** What a command prints on a terminal of some columns. */
async function onTerminal(columns: number, args: readonly string[]) {
  const lines: string[] = []
  const write = (text: string) => lines.push(...text.split('\n'))
  const signal = new AbortController().signal
  const code = await runCli(args, { out: write, err: write, env: {}, signal, columns: () => columns })
  return { code, lines }
}

const tooWide = (lines: readonly string[], columns: number) =>
  lines.filter((line) => columnsOf(line) > columns && line.trim().includes(' '))

test('what continues stands under what it continues, and what cannot be broken stays whole', () => {
  expect(brokenAt(30, 'blocker   a-code: some words about it')).toBe('blocker   a-code: some words\n          about it')
  expect(brokenAt(20, 'words and more words here')).toBe('words and more words\n  here')
  const path = '/a/path/that/is/wider/than/the/terminal'
  expect(brokenAt(20, `report: ${path} is there`)).toBe(`report:\n${path}\n  is there`)
  expect(brokenAt(20, '{"json": "stays as it is, however wide"}')).toBe('{"json": "stays as it is, however wide"}')
})

test.each([60, 80, 120])('on %i columns no help and no mistake is wider than the terminal', async (columns) => {
  for (const args of [['--help'], ['inspekt'], ['export'], ['export', '--accept', 'nope'], ['regions']]) {
    expect(tooWide((await onTerminal(columns, args)).lines, columns)).toEqual([])
  }
  for (const { name } of commands) {
    const { code, lines } = await onTerminal(columns, [...name.split(' '), '--help'])
    expect(code).toBe(0)
    expect(tooWide(lines, columns)).toEqual([])
  }
})

test('JSON and scripts stay as they are on a terminal', async () => {
  const json = await onTerminal(40, ['regions', '--json'])
  expect(JSON.parse(json.lines.join('\n'))).toBeInstanceOf(Array)
  const plain: string[] = []
  const signal = new AbortController().signal
  await runCli(['completion', 'bash'], { out: (line) => plain.push(line), err: () => {}, env: {}, signal })
  expect((await onTerminal(40, ['completion', 'bash'])).lines.join('\n')).toBe(plain.join('\n'))
})

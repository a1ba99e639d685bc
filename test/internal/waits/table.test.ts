import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { readSources } from '../../../scripts/source-graph.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const rows = readFileSync(`${root}docs/waits.md`, 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| `src/'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, file = '', what = '', event = '']) => ({ file: file.replaceAll('`', ''), what, event }))

/** What waits for a time, or limits one: nothing else in the sources lets time pass. */
const waiting = /\.sleep\(|\bsleepOrAbort\(|\bsetTimeout\(|\bsetInterval\(|\bretrying\(|\bperformance\.now\(\) \+/
const withoutComments = (text: string) => text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
const sources = readSources(`${root}src/`)
  .map(({ path }) => ({ path: `src/${path}`, text: withoutComments(readFileSync(`${root}src/${path}`, 'utf8')) }))
  // What partners test with has the simulated time, and the command line has its own page.
  .filter(({ path }) => !/^src\/(testing|cli)\//.test(path))

describe('the table of waits', () => {
  test('names every file that lets time pass, and no file that does not exist', () => {
    const waits = sources.filter(({ text }) => waiting.test(text)).map(({ path }) => path)
    expect(waits.length).toBeGreaterThan(15)
    const named = new Set(rows.map(({ file }) => file))
    // What they sleep by.
    const means = ['src/internal/clock.ts', 'src/internal/abort.ts']
    expect(waits.filter((path) => !named.has(path) && !means.includes(path))).toEqual([])
    expect([...named].filter((path) => !sources.some((source) => source.path === path))).toEqual([])
  })

  test('says for each which event tells of it, and every event is one that the sources emit', () => {
    const types = readFileSync(`${root}src/model/events.ts`, 'utf8')
    const emitted = sources.map(({ text }) => text).join('\n')
    for (const { file, event } of rows) {
      const names = [...event.matchAll(/`([a-z-]+)`/g)].map(([, name = '']) => name)
      expect(names.length > 0 || event === 'under 5 s', file).toBe(true)
      for (const name of names) {
        expect(types, `${file}: ${name}`).toContain(`type: '${name}'`)
        expect(emitted, `${file}: ${name}`).toMatch(new RegExp(`type: '${name}',`))
      }
    }
  })
})

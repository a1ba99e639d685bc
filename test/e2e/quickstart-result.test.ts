import { afterEach, describe, expect, test, vi } from 'vitest'
import { buildReport, type ReportInit } from '#src/testing/index.js'
import { Display } from '../../examples/quickstart/display.js'

afterEach(() => {
  vi.restoreAllMocks()
})

/** What the quickstart prints of a report. */
function resultOf(init: ReportInit): string {
  const lines: string[] = []
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0)
  new Display(false, new Map()).result(buildReport(init))
  vi.restoreAllMocks()
  return lines.join('')
}

const of = (state: 'failedAtSource' | 'missing', reason: string) => ({ state, reason, recordingId: reason })

describe('the result of the quickstart', () => {
  test('counts one as one', () => {
    const objects = { listed: 4, recordings: 1, sidecars: 1, transcripts: 1, attachments: 1, unexpected: 0 }
    const told = resultOf({ objects, counts: { repaired: 1 } })
    expect(told).toContain('4 objects: 1 recording, 1 sidecar, 1 transcript, 1 attachment; 0 of other exports')
    expect(told).toContain('The one recording and its companions carry the hold matter-1.')
    expect(told).not.toMatch(/\b1 \w+s\b/)
  })

  test('says of one that it is, and of more that they are not under the hold', () => {
    const one = resultOf({ counts: { held: 4 }, exceptions: [of('missing', 'a')] })
    expect(one).toContain('1 of 5 recordings is not under the hold.')
    const more = resultOf({ counts: { held: 3 }, exceptions: [of('missing', 'a'), of('missing', 'b')] })
    expect(more).toContain('2 of 5 recordings are not under the hold.')
  })

  test('names the states as the report does', () => {
    const report = buildReport()
    const names = [...resultOf({}).matchAll(/^ {2}(\w+) +\d+ {2}\S/gm)].map(([, name]) => name)
    expect(names.sort()).toEqual(Object.keys(report.counts).sort())
  })
})

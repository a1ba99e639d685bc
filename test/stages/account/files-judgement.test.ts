import { describe, expect, test } from 'vitest'
import { type FilesJudgement, fileBits, judgeFiles } from '#src/stages/account/files-judgement.js'
import { Listings, PresentFiles } from '#src/stages/account/present-files.js'

const { media, described, emptyMedia, emptySidecar } = fileBits
const both = media | described

describe('the files of a recording', () => {
  const whole = { isDelivered: true, isWhole: true }
  const lacking = { isDelivered: true, isWhole: false }
  const absent = { isDelivered: false, isWhole: false }

  test.each<[string, Record<string, number>[], Partial<FilesJudgement>]>([
    ['none', [{}], absent],
    ['one with its sidecar', [{ '.opus': both }], whole],
    ['one without an extension', [{ '': both }], whole],
    ['one without its sidecar', [{ '.opus': media }], { ...absent, hasUndescribed: true }],
    ['a sidecar whose file has not come', [{ '.opus': described }], absent],
    ['two renditions', [{ '.opus': both, '.wav': both }], whole],
    ['what a converter made beside it', [{ '.opus': both, '.mp3': media, '.txt': media | emptyMedia }], whole],
    ['a rendition that is not there, by its sidecar', [{ '.opus': both, '.wav': described }], lacking],
    ['a sidecar that names no file', [{ '.opus': both, '': described }], whole],
    ['an empty rendition', [{ '.opus': both, '.wav': both | emptyMedia }], { ...lacking, hasEmptyMedia: true }],
    ['an empty sidecar', [{ '.opus': both | emptySidecar }], { ...lacking, hasEmptySidecar: true }],
    ['under two names of an hour', [{ '.opus': both }, { '.opus': both }], whole],
    ['under a second name without its sidecar', [{ '.opus': both }, { '.opus': media }], lacking],
    ["a converter's under a second name", [{ '.opus': both }, { '.mp3': media }], whole],
    ['a sidecar under a second name without its file', [{ '.opus': both }, { '.opus': described }], lacking],
  ])('are judged together: %s', (_, folders, wanted) => {
    expect(judgeFiles(folders.map((files) => new Map(Object.entries(files))))).toMatchObject(wanted)
  })

  test('are told apart however many extensions there are', () => {
    const listings = new Listings()
    const files = new PresentFiles(listings)
    const list = (show: (listing: number) => void) => {
      const listing = listings.begin('hour/')
      show(listing)
      listings.end(listing)
    }
    list((listing) => {
      for (let number = 0; number < 100; number += 1)
        files.show(0, { kind: 'recording', extension: `.v${number}`, isEmpty: false }, listing)
      for (const kind of ['recording', 'sidecar'] as const)
        files.show(0, { kind, extension: '.opus', isEmpty: false }, listing)
      for (const row of [0, 1]) files.show(row, { kind: 'recording', extension: '.flac', isEmpty: false }, listing)
    })
    for (let number = 0; number < 103; number += 1) files.know(0)
    expect(files.judge(0)).toMatchObject(whole)
    expect(files.isGone(0)).toBe(false)
    expect(files.judge(1)).toMatchObject({ ...absent, hasUndescribed: true })
    list((listing) => files.show(0, { kind: 'sidecar', extension: '.opus', isEmpty: false }, listing))
    expect(files.judge(0)).toMatchObject(absent)
    expect(files.isGone(0)).toBe(true)
  })
})

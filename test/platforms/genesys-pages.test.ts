import { describe, expect, it } from 'vitest'
import { cursorPages, numberedPages, withEntities } from '../../src/platforms/client/pages.js'
import { all } from './platform-world.js'

const listing = { subject: 'things', stage: 'export' as const }

describe('pages by cursor', () => {
  it('follow the cursor in nextUri, decoded, and the one in the answer', async () => {
    const asked: (string | undefined)[] = []
    const pages = [
      { entities: [1, 2], nextUri: '/api/v2/x?pageSize=2&cursor=a%2Bb%3D%3D' },
      { entities: [], cursor: 'second' },
      { entities: [3] },
    ]
    const items = await all(
      cursorPages(listing, async (cursor) => {
        asked.push(cursor)
        return pages[asked.length - 1]!
      }),
    )
    expect(items).toEqual([1, 2, 3])
    expect(asked).toEqual([undefined, 'a+b==', 'second'])
  })

  it.each([
    ['no cursor', '/api/v2/x?pageSize=2&pageNumber=2'],
    ['an empty one', '/api/v2/x?cursor='],
  ])('end with an error when a next page is named with %s', async (_, nextUri) => {
    const items: unknown[] = []
    const cutOff = async () => {
      for await (const item of cursorPages(listing, async () => ({ entities: [1], nextUri }))) items.push(item)
    }
    await expect(cutOff()).rejects.toMatchObject({ code: 'PLATFORM_RESPONSE_INVALID' })
  })

  it('go on after empty pages, and show what a page repeats once more', async () => {
    const pages = [
      { entities: [], cursor: 'a' },
      { entities: [1], cursor: 'b' },
      { entities: [1], cursor: 'c' },
      { entities: [], cursor: 'd' },
      { entities: [2] },
    ]
    let at = 0
    expect(await all(cursorPages(listing, async () => pages[at++]!))).toEqual([1, 1, 2])
  })

  it('end with an error when the cursor leads in a circle', async () => {
    let count = 0
    const circle = cursorPages(listing, async () => ({ entities: [1], cursor: ['a', 'b', 'a'][count++] }))
    await expect(all(circle)).rejects.toMatchObject({ code: 'PLATFORM_RESPONSE_INVALID' })
    expect(count).toBe(3)
  })
})

describe('pages by number', () => {
  it.each([
    ['the page count', (page: number) => ({ entities: [page], pageCount: 3, nextUri: '/always' }), [1, 2, 3]],
    [
      'the absence of a next page',
      (page: number) => ({ entities: [page], ...(page < 2 ? { nextUri: '/n' } : {}) }),
      [1, 2],
    ],
    [
      'the page count, past pages of which the client sees nothing',
      (page: number) => ({ entities: page === 2 ? [] : [page], pageCount: 3 }),
      [1, 3],
    ],
    ['an empty page', (page: number) => ({ entities: page < 3 ? [page] : [], nextUri: '/n' }), [1, 2]],
  ])('end by %s', async (_, page, items) => {
    expect(await all(numberedPages(listing, async (number) => page(number)))).toEqual(items)
  })

  it('end with an error where a hundred pages in a row are empty and more are counted', async () => {
    const pages = numberedPages(listing, async () => ({ entities: [], pageCount: 1_000 }))
    await expect(all(pages)).rejects.toMatchObject({ code: 'PLATFORM_RESPONSE_INVALID' })
  })
})

describe('a page without a list', () => {
  const kinds: [string, (page: Record<string, unknown>) => AsyncIterable<unknown>][] = [
    ['by cursor', (page) => cursorPages(listing, async () => page)],
    ['by number', (page) => numberedPages(listing, async () => page)],
  ]
  describe.each(kinds)('%s', (_, list) => {
    it.each([
      ['nothing', {}],
      ['a count of more', { total: 3 }],
      ['a list in another form', { entities: { 0: 'a' }, total: 0 }],
      ['a list that is null, and more counted', { entities: null, total: 1 }],
    ])('is not an empty one: %s', async (_what, page) => {
      await expect(all(list(page))).rejects.toMatchObject({ code: 'PLATFORM_RESPONSE_INVALID', stage: 'export' })
    })

    it('is one where it counts none', async () => {
      expect(await all(list({ total: 0 }))).toEqual([])
    })
  })
})

describe('entities under another name', () => {
  it.each([
    ['as they are', { entities: [1], total: 1 }, [], { entities: [1], total: 1 }],
    ['by that name', { jobs: [1] }, [], { entities: [1] }],
    ['as the whole answer', {}, [1], { entities: [1] }],
    ['as an empty answer', {}, [], { entities: [] }],
    ['nowhere, in an answer of another kind', { things: [1] }, [], { things: [1] }],
  ])('are found: %s', (_, body, list, page) => {
    expect(withEntities(body, list, ['jobs'])).toEqual(page)
  })
})

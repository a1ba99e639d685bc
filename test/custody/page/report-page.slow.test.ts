import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ArrivalCounter } from '#src/custody/bundle/arrivals.js'
import { html } from '#src/custody/page/html.js'
import { csvField, csvHeader, csvLine } from '#src/custody/seal/exceptions-csv.js'
import { visible } from '#src/internal/text/visible.js'
import { folder, freshFolder, sealedRun } from '../bundle-world.js'
import { pageOf } from './page-of.js'

const browserPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', process.env.CHROMIUM ?? ''].find(existsSync)
if (browserPath === undefined) console.warn('chromium is not installed: the report is not looked at in a browser here')

const evil = '"><img src=x onerror="document.title=1"><script>document.title=2</script>{7*7}\u202egnp.exe'

describe('the page', () => {
  test('stays under 5 MB for a million recordings, and leads to all exceptions', async () => {
    const { report } = await sealedRun()
    const long = Array.from({ length: 5_000 }, (_, at) => ({
      state: 'conflicting' as const,
      reason: '"&<'.repeat(100),
      recordingId: `r${at}`,
      conversationId: `c${at}`,
      key: '&'.repeat(1_000),
    }))
    const page = pageOf(
      { ...report, counts: { ...report.counts, expected: 1_000_000, conflicting: 400_000 } },
      long,
      400_000,
    )
    expect(Buffer.byteLength(page)).toBeLessThan(5_000_000)
    expect(page).toMatch(/The first [\d,]+ of 400,000 exceptions; all of them are in <a href="exceptions.csv">/)
  })

  test('lets nothing from elsewhere into its markup', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const rendered = html`<a title="${text}">${text}</a>`.text
        expect(rendered.match(/[<>"]/g)?.join('')).toBe('<""><>')
      }),
    )
    expect(visible('a\u202eb\u0000c\u200bd')).toBe('a⟨U+202E⟩b⟨U+0000⟩c⟨U+200B⟩d')
  })
})

describe('the list of exceptions', () => {
  test('holds every one of them, in fields that no spreadsheet takes for formulas', async () => {
    const { dir } = await sealedRun({ missing: ['r8', '=HYPERLINK("http://x")', '+1', '@a', '-1', '\t=1'] })
    const text = readFileSync(join(dir, 'exceptions.csv'), 'utf8')
    expect(text.startsWith(csvHeader)).toBe(true)
    expect(text.trimEnd().split('\r\n')).toHaveLength(7)
    expect(text).toContain(`"'=HYPERLINK(""http://x"")"`)
    for (const start of ['+1', '@a', '-1', '\t=1']) expect(text).toContain(`"'${start}"`)
  })

  test('quotes any field so that it reads back as it was, but for apostrophes', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const field = csvField(text)
        const read = field.slice(1, -1).replaceAll('""', '"')
        const plain = (one: string) => one.replaceAll(/'(?=[=+\-@\t\r\n＋－＝＠])/g, '')
        expect(plain(read)).toBe(plain(text))
        expect(/^"[=+\-@\t\r\n]/.test(field)).toBe(false)
      }),
    )
    expect(csvLine({ state: 'missing', reason: 'a\nb' })).toBe('"missing","a\nb","","","","","","","","","","",""\r\n')
  })

  test.each([';', ',', '|'])(
    'has no cell that begins a formula where lines are split at %j, quoted or not',
    (separator) => {
      fc.assert(
        fc.property(hostileText, hostileText, (reason, key) => {
          const line = csvLine({ state: 'missing', reason, recordingId: 'r1', key })
          for (const cell of line.split(new RegExp(`[${separator}\\r\\n]`))) {
            expect(cell.replace(/^[\s"]+/, '')).not.toMatch(/^[=+\-@＋－＝＠]/)
          }
        }),
        { numRuns: 500 },
      )
    },
  )

  test.each([
    ['a;=1+1', `"a;'=1+1"`],
    ['a; "=1+1";b', `"a; ""'=1+1"";b"`],
    ['=1;+2;-3;@4', `"'=1;'+2;'-3;'@4"`],
    ['a\n=1', `"a\n'=1"`],
    ['\n=1', `"'\n'=1"`],
    ['a;＝1', `"a;'＝1"`],
    ['a;b=1', `"a;b=1"`],
    [';', `";"`],
  ])('writes %j as %s', (text, field) => {
    expect(csvField(text)).toBe(field)
  })
})

/** Texts in which separators, quotes and beginnings of formulas lie close together. */
const hostileText = fc
  .array(fc.oneof(fc.constantFrom(...';,|\t\r\n "\'=+-@＝＋', '=1+1', 'key'), fc.string({ maxLength: 3 })), {
    maxLength: 12,
  })
  .map((pieces) => pieces.join(''))

describe('arrivals', () => {
  test('keep their sum in at most 48 spans, whatever the times and their order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4e12 }), { minLength: 1, maxLength: 200 }), (times) => {
        const counter = new ArrivalCounter()
        for (const time of times) counter.add(time)
        const { bins, widthMs } = counter.arrivals()
        const within = Math.max(...times) - Math.min(...times) < 47 * 2_592_000_000
        if (within) expect(bins.length).toBeLessThanOrEqual(48)
        if (bins.length < 400) expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(times.length)
        for (const [at, { from }] of bins.entries()) expect(from).toBe(bins[0]!.from + at * widthMs)
      }),
    )
  })
})

describe.runIf(browserPath !== undefined)('in a browser', () => {
  let browser: Browser
  let url: string
  const open: BrowserContext[] = []

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: browserPath!, args: ['--no-sandbox'] })
    const { dir } = await sealedRun({
      recordings: 60,
      matter: `Doe v. Roe ${evil}`,
      missing: ['m-3', 'm-20', 'm-1', evil],
      prepare: (storage) => {
        for (let id = 10; id < 15; id += 1) {
          storage.put(`${folder}/r${id}.json`, { metadata: { 'legal-hold-tag': 'other-matter' } })
        }
      },
    })
    url = pathToFileURL(join(dir, 'report.html')).href
  })
  afterAll(async () => {
    for (const context of open) await context.close()
    await browser?.close()
  })

  /** Opens the page and gathers what a visitor must never see. */
  async function visit(options: Parameters<Browser['newContext']>[0] = {}) {
    const context = await browser.newContext(options)
    open.push(context)
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('request', (request) => {
      if (request.url() !== url) complaints.push(`requested ${request.url()}`)
    })
    await page.goto(url)
    return { page, complaints }
  }

  const rowsOf = (page: Page) => page.locator('table.exceptions tbody tr:visible')

  test('shows the answer first, runs nothing that is hostile, asks for nothing and breaks no policy', async () => {
    const { page, complaints } = await visit()
    expect(await page.locator('h1').textContent()).toContain('9 of 64 recordings are not under the hold')
    expect(await page.title()).toBe('Legal hold discovery-batch-2023-10: incomplete')
    expect(await page.locator('img').count()).toBe(0)
    expect((await page.locator('table.exceptions').allTextContents()).join()).toContain('⟨U+202E⟩gnp.exe')
    expect(complaints).toEqual([])
    // The policy is in force: what it does not name does not run.
    await page.evaluate(`{
      const script = document.createElement('script')
      script.textContent = 'document.title = "hacked"'
      document.body.append(script)
    }`)
    expect(await page.title()).not.toBe('hacked')
    expect(complaints.join()).toContain('Content Security Policy')
  })

  test('finds and sorts exceptions', async () => {
    const { page, complaints } = await visit()
    expect(await rowsOf(page).count()).toBe(9)
    await page.getByLabel('Search').fill('conflicting r12')
    expect(await rowsOf(page).count()).toBe(1)
    expect(await page.getByRole('status').textContent()).toBe('1 of 9 shown')
    await page.getByLabel('Search').fill('m-')
    // Nothing of the other reasons fits, so that their tables are not in sight.
    expect(await page.locator('table.exceptions:visible').count()).toBe(1)
    await page.getByRole('button', { name: 'Recording' }).click()
    expect(await page.locator('table.exceptions tbody tr:visible td:nth-child(6)').allTextContents()).toEqual([
      'm-1',
      'm-3',
      'm-20',
    ])
    await page.getByRole('button', { name: 'Recording' }).click()
    expect(await rowsOf(page).first().locator('td').nth(5).textContent()).toBe('m-20')
    expect(await page.getByRole('columnheader', { name: 'Recording' }).getAttribute('aria-sort')).toBe('descending')
    expect(complaints).toEqual([])
  })

  test.each([
    ['light', { colorScheme: 'light' as const, viewport: { width: 1100, height: 900 } }],
    ['dark', { colorScheme: 'dark' as const, viewport: { width: 1100, height: 900 } }],
    ['a phone', { colorScheme: 'light' as const, viewport: { width: 360, height: 740 } }],
  ])('has nothing that keeps a screen reader out: %s', async (_, options) => {
    // axe itself is a script that the page's policy rightly refuses.
    const { page } = await visit({ ...options, bypassCSP: true })
    const axe = fileURLToPath(import.meta.resolve('axe-core/axe.min.js'))
    await page.addScriptTag({ path: axe })
    const violations = await page.evaluate('axe.run().then((result) => result.violations.map(({ id }) => id))')
    expect(violations).toEqual([])
    const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
    expect(await page.evaluate(overflow)).toBe(0)
  })

  test('prints on A4 with every exception, and without its tools', async () => {
    const { page } = await visit()
    await page.getByLabel('Search').fill('m-1')
    expect(await rowsOf(page).count()).toBe(1)
    await page.emulateMedia({ media: 'print' })
    expect(await page.locator('.tools').isVisible()).toBe(false)
    expect(await rowsOf(page).count()).toBe(9)
    const pdf = await page.pdf({ preferCSSPageSize: true })
    const boxes = [...pdf.toString('latin1').matchAll(/\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/g)]
    expect(boxes.length).toBeGreaterThan(1)
    for (const [, width, height] of boxes)
      expect([Math.round(Number(width)), Math.round(Number(height))]).toEqual([595, 842])
  })

  test('prints 25 rows and more a page: 300 missing recordings on at most 15', async () => {
    const { report } = await sealedRun({ missing: [] })
    const missing = (count: number) => Array.from({ length: count }, (_, at) => missingRecording(at))
    const pagesOf = async (count: number) => {
      const path = freshFolder('printed.html')
      mkdirSync(dirname(path), { recursive: true })
      const counts = { ...report.counts, expected: count, missing: count, held: 0, repaired: 0 }
      writeFileSync(path, pageOf({ ...report, outcome: 'incomplete', counts }, missing(count)))
      const context = await browser.newContext()
      open.push(context)
      const page = await context.newPage()
      await page.goto(pathToFileURL(path).href)
      const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1')
      return pdf.match(/\/Type \/Page\b/g)?.length ?? 0
    }
    const pages = await pagesOf(300)
    expect(pages).toBeLessThanOrEqual(15)
    expect((await pagesOf(800)) - pages).toBeLessThanOrEqual(500 / 25)
  })

  test.each([390, 1100])('has no label of a chart over another, %i px wide', async (width) => {
    const { page } = await visit({ viewport: { width, height: 900 } })
    const boxes: { text: string; left: number; right: number; top: number; bottom: number }[] = await page
      .locator('svg.chart text:visible')
      .evaluateAll((labels) =>
        labels.map((label) => {
          const { left, right, top, bottom } = label.getBoundingClientRect()
          return { text: String(label.textContent), left, right, top, bottom }
        }),
      )
    expect(boxes.length).toBeGreaterThan(8)
    const over = boxes.flatMap((a, at) =>
      boxes
        .slice(at + 1)
        .filter((b) => a.left < b.right && b.left < a.right && a.top < b.bottom - 4 && b.top < a.bottom - 4)
        .map((b) => [a.text, b.text]),
    )
    expect(over).toEqual([])
  })

  test('can be looked at', async () => {
    const { page } = await visit({ viewport: { width: 1100, height: 900 } })
    const path = process.env.REPORT_SCREENSHOT ?? freshFolder('report.png')
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, await page.screenshot({ fullPage: true }))
    const picture = readFileSync(path)
    expect(picture.subarray(1, 4).toString()).toBe('PNG')
    expect(picture.length).toBeGreaterThan(50_000)
  })
})

/** As Genesys Cloud names them: every id is a UUID. */
function missingRecording(at: number) {
  const id = (kind: string) => `${kind}0000000-4c1d-4e8f-9a2b-${String(at).padStart(12, '0')}`
  return {
    state: 'missing' as const,
    reason: 'never delivered',
    recordingId: id('a'),
    conversationId: id('c'),
    conversationStart: new Date(Date.UTC(2023, 9, 18, 0, at)).toISOString(),
    mediaType: 'message',
    direction: 'outbound',
    queueId: id('b'),
  }
}

import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verifyPage } from '#src/custody/page/verify-page.js'
import { type EvidenceVerification, prove, verifyEvidence } from '#src/node.js'
import { verifierModule } from '../../../scripts/verifier-script.js'
import { folder, newKey, type SealedWorld, sealedRun } from '../bundle-world.js'

const browserPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', process.env.CHROMIUM ?? ''].find(existsSync)
if (browserPath === undefined) console.warn('chromium is not installed: verify.html is not opened in a browser here')

const evil = '"><img src=x onerror="document.title=1"><script>document.title=2</script>\u202e'
const kinds = ['ed25519', 'P-256', 'P-384'] as const

describe('verify.html', () => {
  test('is in each bundle, signed for, and the same in all of one version', async () => {
    const [one, other] = [await sealedRun(), await sealedRun({ key: newKey('P-256') })]
    for (const { dir, key } of [one, other]) {
      expect(readFileSync(join(dir, 'verify.html'), 'utf8')).toBe(verifyPage())
      const { verified, notes }: EvidenceVerification = await verifyEvidence(dir, { publicKey: key.publicKey })
      expect({ verified, notes }).toEqual({ verified: true, notes: [] })
    }
    const { dir, key } = one
    writeFileSync(join(dir, 'verify.html'), verifyPage().replace('Does not verify', 'Verifies'))
    expect(await verifyEvidence(dir, { publicKey: key.publicKey })).toMatchObject({
      verified: false,
      problems: [{ code: 'file-changed', file: 'verify.html' }],
    })
  })

  test('has the script that `npm run verifier` writes', async () => {
    // Biome puts long lines and quotes as it likes.
    const { verifierScript } = await import('#src/custody/page/verifier-script.js')
    const made = /verifierScript = (".*")\n$/.exec(await verifierModule())?.[1] ?? '""'
    expect(verifierScript).toBe(JSON.parse(made))
    expect(verifierScript).not.toMatch(/<\/script|<!--/i)
  })

  test('says first that the key must come from elsewhere', () => {
    const text = verifyPage().replace(/<style>.*?<\/style>/s, '')
    const first = text.indexOf('The key must come from elsewhere')
    expect(first).toBeGreaterThan(0)
    for (const later of ['<textarea', '<input', '<button', '<script>'])
      expect(text.indexOf(later)).toBeGreaterThan(first)
  })
})

describe.runIf(browserPath !== undefined)('verify.html in a browser', () => {
  let browser: Browser
  const open: BrowserContext[] = []
  const worlds = new Map<string, SealedWorld>()

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: browserPath!, args: ['--no-sandbox'] })
    for (const kind of kinds) worlds.set(kind, await sealedRun({ key: newKey(kind), matter: `Doe ${evil}` }))
  })
  afterAll(async () => {
    for (const context of open) await context.close()
    await browser?.close()
  })

  /** Opens the page of a bundle as a file, and gathers what a visitor must never see. */
  async function visit(dir: string, options: Parameters<Browser['newContext']>[0] = {}) {
    const context = await browser.newContext(options)
    open.push(context)
    const page = await context.newPage()
    const complaints: string[] = []
    const url = pathToFileURL(join(dir, 'verify.html')).href
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('request', (request) => {
      if (request.url() !== url) complaints.push(`requested ${request.url()}`)
    })
    await page.goto(url)
    return { page, complaints }
  }

  async function check(page: Page, dir: string, key: string): Promise<string> {
    await page.getByLabel('Public key in PEM').fill(key)
    await page.getByLabel('The folder that holds').setInputFiles(dir)
    return resultOf(page)
  }

  async function resultOf(page: Page): Promise<string> {
    await page.getByRole('button', { name: 'Check' }).click()
    await page.locator('#check:not([disabled])').waitFor()
    return String(await page.locator('#result').getAttribute('class'))
  }

  test.each(kinds)('verifies a folder that was signed with %s, and asks for nothing', async (kind) => {
    const { dir, key } = worlds.get(kind)!
    const { page, complaints } = await visit(dir)
    expect(await check(page, dir, key.publicKey)).toBe('verifies')
    expect(await page.title()).toBe('Verifies: verification of evidence')
    const text = String(await page.locator('#result').textContent())
    expect(text).toContain(key.fingerprint)
    expect(text).toContain('Doe "><img')
    expect(text).toContain('⟨U+202E⟩')
    expect(await page.locator('img').count()).toBe(0)
    expect(complaints).toEqual([])
    // A fingerprint does, too.
    expect(await check(page, dir, key.fingerprint)).toBe('verifies')
    expect(await check(page, dir, '')).toBe('not-authenticated')
    expect(await check(page, dir, newKey(kind).fingerprint)).toBe('does-not-verify')
    expect(await check(page, dir, 'abc')).toBe('refused')
  })

  test('turns red for one byte in each file', async () => {
    const { dir, key } = worlds.get('ed25519')!
    const { page, complaints } = await visit(dir)
    for (const name of readdirSync(dir)) {
      const copy = join(mkdtempSync(join(tmpdir(), 'changed-')), 'evidence')
      cpSync(dir, copy, { recursive: true })
      const bytes = readFileSync(join(copy, name))
      const at = Math.floor(bytes.length / 2)
      bytes[at] = bytes[at]! ^ 1
      writeFileSync(join(copy, name), bytes)
      expect(await check(page, copy, key.publicKey), name).toBe('does-not-verify')
      const color = 'getComputedStyle(document.querySelector("#result .badge")).color'
      const [red = 0, green = 0] =
        String(await page.evaluate(color))
          .match(/\d+/g)
          ?.map(Number) ?? []
      expect(red).toBeGreaterThan(3 * green)
    }
    expect(complaints).toEqual([])
  })

  test('proves one recording of a folder, or the proof alone', async () => {
    const { dir, key } = worlds.get('P-256')!
    const { page, complaints } = await visit(dir)
    await page.getByLabel('One recording whose proof').fill('r2')
    expect(await check(page, dir, key.publicKey)).toBe('verifies')
    expect(await page.locator('#result').textContent()).toContain('leads to the signed root')
    const path = join(mkdtempSync(join(tmpdir(), 'proof-')), 'proof.json')
    writeFileSync(path, `${JSON.stringify(await prove(dir, `${folder}/r2.json`), null, 2)}\n`)
    await page.getByLabel('the proof of one recording').setInputFiles(path)
    expect(await resultOf(page)).toBe('refused')
    await page.reload()
    await page.getByLabel('Public key in PEM').fill(key.publicKey)
    await page.getByLabel('the proof of one recording').setInputFiles(path)
    expect(await resultOf(page)).toBe('verifies')
    writeFileSync(path, readFileSync(path, 'utf8').replace('repaired', 'repaireD'))
    await page.getByLabel('the proof of one recording').setInputFiles(path)
    expect(await resultOf(page)).toBe('does-not-verify')
    expect(complaints).toEqual([])
  })

  test('takes the key out of a file, and the files one by one', async () => {
    const { dir, key } = worlds.get('P-384')!
    const { page } = await visit(dir)
    const path = join(mkdtempSync(join(tmpdir(), 'key-')), 'key.pem')
    writeFileSync(path, key.publicKey)
    await page.getByLabel('the file of the key').setInputFiles(path)
    await page.getByLabel('all of its files').setInputFiles(readdirSync(dir).map((name) => join(dir, name)))
    expect(await resultOf(page)).toBe('verifies')
    await page.getByLabel('all of its files').setInputFiles([])
    expect(await resultOf(page)).toBe('refused')
  })

  test('runs no script but its own, and sends nothing anywhere', async () => {
    const { page, complaints } = await visit(worlds.get('ed25519')!.dir)
    await page.evaluate(`{
      const script = document.createElement('script')
      try { script.text = 'document.title = "hacked"' } catch {}
      document.body.append(script)
    }`)
    expect(await page.title()).toBe('Verification of evidence')
    const sent = await page.evaluate(`fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'refused')`)
    expect(sent).toBe('refused')
    expect(complaints.join()).toContain('Content Security Policy')
  })

  test.each([
    ['light', { colorScheme: 'light' as const, viewport: { width: 1100, height: 900 } }],
    ['dark', { colorScheme: 'dark' as const, viewport: { width: 1100, height: 900 } }],
    ['a phone', { colorScheme: 'light' as const, viewport: { width: 390, height: 740 } }],
  ])('has nothing that keeps a screen reader out, before and after a check: %s', async (_, options) => {
    const { dir, key } = worlds.get('ed25519')!
    const { page } = await visit(dir, { ...options, bypassCSP: true })
    await page.addScriptTag({ path: fileURLToPath(import.meta.resolve('axe-core/axe.min.js')) })
    const violations = () =>
      page.evaluate('axe.run().then((result) => result.violations.map(({ id, nodes }) => [id, nodes[0].html]))')
    expect(await violations()).toEqual([])
    await page.getByLabel('One recording whose proof').fill('r2')
    for (const given of [key.publicKey, '', newKey().publicKey]) {
      await check(page, dir, given)
      expect(await violations()).toEqual([])
      const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
      expect(await page.evaluate(overflow)).toBe(0)
    }
  })
})

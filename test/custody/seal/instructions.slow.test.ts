import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { freshFolder, newKey, sealedRun } from '../bundle-world.js'
import { hasTool, LocalTsa } from '../crypto/local-tsa.js'

const missing = ['openssl', 'sha256sum', 'jq', 'base64'].filter((tool) => !hasTool(tool))
if (missing.length > 0) console.warn(`${missing.join(', ')} not installed: the commands of VERIFY.md are not run here`)

/** The commands of VERIFY.md, exactly as they stand there. */
function commandsOf(dir: string, fence = 'sh'): string {
  const text = readFileSync(join(dir, 'VERIFY.md'), 'utf8')
  return [...text.matchAll(/^```(.+)\n([\s\S]*?)\n```$/gm)]
    .filter(([, kind]) => kind === fence || (kind === 'sh' && fence !== 'sh macos'))
    .map(([, , commands]) => commands)
    .join('\n')
}

function shell(dir: string, env: Record<string, string>, fence?: string): Promise<{ code: number; out: string }> {
  return new Promise((resolve) => {
    execFile(
      'sh',
      ['-e', '-c', commandsOf(dir, fence)],
      { cwd: dir, env: { ...process.env, ...env } },
      (error, out, err) => resolve({ code: error === null ? 0 : 1, out: out + err }),
    )
  })
}

function keyFile(pem: string): string {
  const path = freshFolder('key.pem')
  writeFileSync(path, pem)
  return path
}

describe.runIf(missing.length === 0)('the commands of VERIFY.md', () => {
  test('say first that a key inside the bundle proves nothing', async () => {
    const { dir } = await sealedRun()
    const text = readFileSync(join(dir, 'VERIFY.md'), 'utf8')
    expect(text.slice(0, 200)).toContain('The key comes first')
    expect(text).toContain('a separate channel')
    for (const later of ['openssl', 'verify.html', 'npx']) {
      expect(text.indexOf(later)).toBeGreaterThan(text.indexOf('a separate channel'))
    }
    expect((await shell(dir, {})).out).toContain('public key that you were given')
  })

  test.each(['ed25519', 'P-256', 'P-384'] as const)('verify a bundle that was signed with %s', async (type) => {
    const { dir, key } = await sealedRun({ key: newKey(type), matter: 'Größe & Maß' })
    const { code, out } = await shell(dir, { KEY: keyFile(key.publicKey) })
    expect(out).toContain(key.fingerprint.slice(7))
    expect(out).toMatch(/Verified/)
    expect(out.match(/: OK$/gm)).toHaveLength(8)
    expect(out).toContain('"outcome": "incomplete"')
    expect(code).toBe(0)
  })

  test('fail for another key, a changed file, a missing line and a gap', async () => {
    const { dir, key } = await sealedRun()
    const KEY = keyFile(key.publicKey)
    const changed = async (name: string, change: (text: string) => string) => {
      const copy = join(mkdtempSync(join(tmpdir(), 'changed-')), 'evidence')
      cpSync(dir, copy, { recursive: true })
      writeFileSync(join(copy, name), change(readFileSync(join(copy, name), 'utf8')))
      return shell(copy, { KEY })
    }
    expect((await shell(dir, { KEY: keyFile(newKey().publicKey) })).code).toBe(1)
    const page = await changed('report.html', (text) => text.replace('Incomplete', 'Complete'))
    expect(page).toMatchObject({ code: 1, out: expect.stringContaining('report.html: FAILED') })
    expect(
      (await changed('records.jsonl', (text) => text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1))).code,
    ).toBe(1)
    expect((await changed('statement.dsse.json', (text) => text.replace('"sig": "', '"sig": "A'))).code).toBe(1)
  })

  test('verify the time stamp with the certificate of its authority', async () => {
    const tsa = new LocalTsa('rsa')
    const authority = async (query: Uint8Array) => tsa.reply(Buffer.from(query))
    const { dir, key } = await sealedRun({ timestamp: { authority } })
    const KEY = keyFile(key.publicKey)
    const good = await shell(dir, { KEY, CA: keyFile(tsa.ca) }, 'sh stamp')
    expect(good).toMatchObject({ code: 0, out: expect.stringContaining('Verification: OK') })
    expect((await shell(dir, { KEY, CA: keyFile(new LocalTsa('rsa').ca) }, 'sh stamp')).code).toBe(1)
  })
})

// shasum is a script of Perl, and the rest is the same: what macOS is told runs here as it stands.
describe.runIf(missing.length === 0 && hasTool('shasum'))('the commands for macOS', () => {
  test.each(['ed25519', 'P-256'] as const)(
    'verify a bundle signed with %s, and fail for a byte that was changed',
    async (type) => {
      const { dir, key } = await sealedRun({ key: newKey(type) })
      const KEY = keyFile(key.publicKey)
      const good = await shell(dir, { KEY }, 'sh macos')
      expect(good.out).toContain(key.fingerprint.slice(7))
      expect(good.out.match(/: OK$/gm)).toHaveLength(8)
      expect(good.code).toBe(0)
      const page = readFileSync(join(dir, 'report.html'), 'utf8')
      writeFileSync(join(dir, 'report.html'), page.replace('Incomplete', 'Complete'))
      expect((await shell(dir, { KEY }, 'sh macos')).code).toBe(1)
      expect((await shell(dir, { KEY: keyFile(newKey(type).publicKey) }, 'sh macos')).code).toBe(1)
    },
  )

  test('say that the openssl of macOS cannot check Ed25519', async () => {
    const text = async (type: 'ed25519' | 'P-256') =>
      readFileSync(join((await sealedRun({ key: newKey(type) })).dir, 'VERIFY.md'), 'utf8')
    expect(await text('ed25519')).toMatch(/LibreSSL.*lacks `-rawin`/)
    expect(await text('P-256')).not.toContain('-rawin')
  })
})

describe('the commands for Windows', () => {
  const pwsh = hasTool('pwsh')

  test.runIf(pwsh)('verify a bundle', async () => {
    const { dir, key } = await sealedRun()
    const env = { ...process.env, KEY: keyFile(key.publicKey) }
    const code = await new Promise((resolve) => {
      const block = /^```powershell\n([\s\S]*?)\n```$/m.exec(readFileSync(join(dir, 'VERIFY.md'), 'utf8'))?.[1] ?? ''
      const run = ['-NoProfile', '-Command', block]
      execFile('pwsh', run, { cwd: dir, env }, (error) => resolve(error === null ? 0 : 1))
    })
    expect(code).toBe(0)
  })

  // No syntax check but this one where PowerShell is not installed: brackets and quotes are balanced.
  test('have their brackets and quotes in balance', async () => {
    const { dir } = await sealedRun()
    const text = readFileSync(join(dir, 'VERIFY.md'), 'utf8')
    const block = /^```powershell\n([\s\S]*?)\n```$/m.exec(text)?.[1] ?? ''
    expect(block.split('\n').length).toBeGreaterThan(15)
    const open: string[] = []
    for (const character of block.replaceAll(/'[^'\n]*'/g, '')) {
      if ('([{'.includes(character)) open.push(character)
      if (')]}'.includes(character)) expect(`${open.pop()}${character}`).toMatch(/^(\(\)|\[\]|\{\})$/)
    }
    expect(open).toEqual([])
    for (const line of block.split('\n')) expect((line.match(/"/g)?.length ?? 0) % 2, line).toBe(0)
    for (const file of ['statement.dsse.json', 'records.jsonl']) expect(block).toContain(file)
  })
})

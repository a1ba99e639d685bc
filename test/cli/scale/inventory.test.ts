import { createHash } from 'node:crypto'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { afterEach, expect, test } from 'vitest'
import type { Resolved } from '#src/cli/config/resolve.js'
import { openInventory } from '#src/cli/scale/inventory.js'
import { s3World } from '../../scale/aws/world.js'

const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A matter whose section `scale.inventory` is this. */
async function matterWith(inventory: object | undefined) {
  const { client, settings, close } = await s3World()
  closing.push(close)
  const manifest = JSON.stringify({
    sourceBucket: 'recordings',
    creationTimestamp: '1795914000000',
    fileFormat: 'CSV',
    fileSchema: 'Bucket, Key',
    files: [],
  })
  const put = (Key: string, Body: string) => client.send(new PutObjectCommand({ Bucket: 'evidence', Key, Body }))
  await put('inv/recordings/all/2026-11-29T01-00Z/manifest.json', manifest)
  await put('inv/recordings/all/2026-11-29T01-00Z/manifest.checksum', createHash('md5').update(manifest).digest('hex'))
  const { region, endpoint, credentials } = settings
  return { matter: { s3: { region, endpoint, credentials }, scale: { inventory } } } as unknown as Resolved
}

test.each([
  ['the last one under a prefix', { prefix: 'inv/recordings/all/' }],
  ['one by its manifest', { manifest: 'inv/recordings/all/2026-11-29T01-00Z/manifest.json' }],
])('the inventory of a matter is %s, reached as its bucket is', async (_, which) => {
  const inventory = await openInventory(await matterWith({ bucket: 'evidence', ...which }), {})
  closing.push(() => inventory?.close())
  expect(await inventory?.describe()).toMatchObject({ bucket: 'recordings', asOf: '2026-11-29T01:00:00.000Z' })
})

test('a matter without the section has none', async () => {
  expect(await openInventory(await matterWith(undefined), {})).toBeUndefined()
})

test.each([
  [{ prefix: 'inv/' }, 'needs bucket'],
  [{ bucket: 'evidence' }, 'needs either'],
  [{ bucket: 'evidence', prefix: 'inv/', manifest: 'inv/manifest.json' }, 'needs either'],
])('the section %j is refused', async (section, message) => {
  await expect(openInventory(await matterWith(section), {})).rejects.toThrow(message)
})

test('a prefix without an inventory is said', async () => {
  const given = await matterWith({ bucket: 'evidence', prefix: 'other/' })
  await expect(openInventory(given, {})).rejects.toMatchObject({ code: 'INVENTORY_UNREADABLE' })
})

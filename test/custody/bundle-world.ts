import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LegalHoldExporter, type RunReport } from '#src/index.js'
import { type EvidenceBundleOptions, evidenceBundle, fingerprintOf, KeyFileSigner } from '#src/node.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { FakePlatform } from '../fakes/platform.js'

export const tag = 'discovery-batch-2023-10'
export const request = {
  integrationId: 'i',
  interval: { start: '2023-10-18T12:00:00Z', end: '2023-10-20T11:00:00Z' },
  mediaTypes: 'digital' as const,
}
export const folder = 'org/year=2023/month=10/day=20/hour=09/conversation_id=c1'

/** A folder of its own for a test. */
export function freshFolder(name = 'evidence'): string {
  return join(mkdtempSync(join(tmpdir(), 'custody-')), name)
}

/** A signing key made on the spot. */
export function newKey(type: 'ed25519' | 'P-256' | 'P-384' = 'ed25519') {
  const pair = type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: type })
  const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const publicKey = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  return { pem, publicKey, fingerprint: fingerprintOf(publicKey), signer: new KeyFileSigner({ pem }) }
}

export type TestKey = ReturnType<typeof newKey>

export interface SealedWorld {
  readonly dir: string
  readonly key: TestKey
  readonly report: RunReport
  readonly storage: MemoryStorageAdapter
}

/** Runs an export over a few recordings, one of which is missing, and seals it. */
export async function sealedRun(
  options: Partial<EvidenceBundleOptions> & {
    readonly key?: TestKey
    readonly recordings?: number
    readonly missing?: readonly string[]
    readonly matter?: string
    readonly prepare?: (storage: MemoryStorageAdapter) => void
  } = {},
): Promise<SealedWorld> {
  const { key = newKey(), recordings = 3, missing = ['r-missing'], matter, prepare, ...bundle } = options
  const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
  const platform = new FakePlatform()
  const storage = new MemoryStorageAdapter({ clock })
  clock.advance(10_000)
  for (let id = 1; id <= recordings; id += 1) {
    platform.expected.push({ recordingId: `r${id}`, conversationId: 'c1', conversationStart: '2023-10-20T09:30:00Z' })
    const metadata = id === 1 ? { 'legal-hold-tag': tag } : { project: 'x' }
    storage.put(`${folder}/r${id}.json`, { body: `recording ${id}`, metadata })
    storage.put(`${folder}/r${id}.json_metadata.json`, { body: '{}', metadata })
  }
  for (const recordingId of missing) platform.expected.push({ recordingId, conversationId: 'c9' })
  prepare?.(storage)
  const dir = options.dir ?? freshFolder()
  const exporter = new LegalHoldExporter({
    platform,
    storage,
    clock,
    hold: { tag, ...(matter === undefined ? {} : { matter }) },
  })
  // A stamp is of the time that the machine has.
  const sealing = bundle.timestamp === undefined ? { clock } : {}
  const evidence = evidenceBundle({ ...sealing, ...bundle, dir, signer: options.signer ?? key.signer })
  const report = await exporter.run(request, { evidence })
  return { dir, key, report, storage }
}

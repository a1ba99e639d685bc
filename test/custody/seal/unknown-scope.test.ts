import { expect, test } from 'vitest'
import { LegalHoldExporter } from '#src/index.js'
import { evidenceBundle, verifyEvidence } from '#src/node.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { FakePlatform } from '../../fakes/platform.js'
import { unknownScope } from '../../fakes/unknown-scope.js'
import { freshFolder, newKey, request, tag } from '../bundle-world.js'

const scope = { reach: 'unknown', seen: [], hidden: [], reason: 'refused' } as const

test.each([
  ['nobody accepted', []],
  ['was accepted', ['client-scope-unknown']],
] as const)('a scope that is unknown and %s is sealed', async (_, accept) => {
  const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
  const inspectSource = async () => ({ scope, findings: [unknownScope] })
  const platform = Object.assign(new FakePlatform(), { inspectSource })
  const storage = new MemoryStorageAdapter({ clock })
  const dir = freshFolder()
  const { signer, publicKey } = newKey()
  const exporter = new LegalHoldExporter({ platform, storage, clock, hold: { tag }, accept })
  const report = await exporter.run(request, { evidence: evidenceBundle({ dir, signer, clock }) })
  expect(report.accepted).toEqual(accept)
  expect(await verifyEvidence(dir, { publicKey })).toMatchObject({ verified: true, problems: [] })
})

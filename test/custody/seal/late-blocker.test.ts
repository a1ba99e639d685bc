import { expect, test } from 'vitest'
import { type Finding, LegalHoldExporter } from '#src/index.js'
import { evidenceBundle, verifyEvidence } from '#src/node.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { FakePlatform } from '../../fakes/platform.js'
import { freshFolder, newKey, request, tag } from '../bundle-world.js'

const late: Finding = {
  code: 'gdpr-deletion-active',
  severity: 'blocker',
  message: 'An open request erases a data subject.',
  subject: 'request-1',
  remedy: 'Ask legal counsel.',
}

test.each([
  ['nobody accepted', []],
  ['was accepted', ['gdpr-deletion-active']],
] as const)('a blocker that came up during the run and %s is sealed', async (_, accept) => {
  const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
  const platform = Object.assign(new FakePlatform(), { inspectSourceAgain: async () => [late] })
  const storage = new MemoryStorageAdapter({ clock })
  const dir = freshFolder()
  const { signer, publicKey } = newKey()
  const exporter = new LegalHoldExporter({ platform, storage, clock, hold: { tag }, accept })
  const report = await exporter.run(request, { evidence: evidenceBundle({ dir, signer, clock }) })
  expect(report.findings).toContainEqual(late)
  expect(report.accepted).toEqual(accept)
  expect(await verifyEvidence(dir, { publicKey })).toMatchObject({ verified: true, problems: [] })
})

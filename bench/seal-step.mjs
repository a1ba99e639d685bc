// One step of npm run bench:seal, measured in a process of its own: seal JOURNAL DIR KEY, or verify DIR FINGERPRINT.
import { readFileSync } from 'node:fs'
import { FileJournal, KeyFileSigner, sealEvidence, verifyEvidence } from 'genesys-legal-hold-exporter/node'

const [step, ...given] = process.argv.slice(2)
const startedAt = performance.now()
const before = process.cpuUsage()
await (step === 'seal' ? seal(...given) : verify(...given))
const seconds = (performance.now() - startedAt) / 1000
const { user, system } = process.cpuUsage(before)
// maxRSS is the operating system's own peak, in KiB.
const peakBytes = process.resourceUsage().maxRSS * 1024
console.log(
  `${step}: ${seconds.toFixed(1)} s (${((user + system) / 1e6).toFixed(1)} s of CPU), at most ${Math.round(peakBytes / 1e6)} MB resident`,
)

async function seal(journalDirectory, dir, keyFile) {
  await sealEvidence(new FileJournal(journalDirectory), {
    dir,
    signer: new KeyFileSigner({ pem: readFileSync(keyFile, 'utf8') }),
  })
}

async function verify(dir, fingerprint) {
  const { verified, problems } = await verifyEvidence(dir, { fingerprint })
  if (!verified) throw new Error(`it does not verify: ${problems[0]?.message}`)
}

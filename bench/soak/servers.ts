// Both simulators under faults, in a process of their own: what they keep is not in the heap of the run.

import { createHash } from 'node:crypto'
import { type DeliveredObject, GenesysSimulator, type ObjectVersion, S3Simulator } from '../../src/testing/index.ts'
import { createScenario } from '../../src/testing/scenario.ts'
import { scatterFaults } from './faults.ts'
import { bucket, type ServerDescription, type ServerOrders, type ServerState, tag } from './orders.ts'

const orders = JSON.parse(process.argv[2] ?? '') as ServerOrders
// A recording comes with 1.85 other files on average; a few cannot be exported.
const failAtSource = Math.ceil(orders.objects / 5_000)
const scenario = createScenario({
  count: Math.ceil(orders.objects / 2.85) + failAtSource,
  now: Date.now(),
  failAtSource,
  bucket,
  seed: orders.seed,
})
const { accessKeyId } = S3Simulator.defaultCredentials
// Signatures are left unverified: that costs more than all the rest of a request, and other tests do it.
const s3 = new S3Simulator({ verifySignatures: false, maxLoggedRequests: 1 })
s3.createBucket(bucket, { versioning: 'Enabled', objectLock: true })
/** What was delivered, and whether the hold was on it. */
const delivered = new Map<string, 'stamped' | 'bare'>()
const others = new Set<string>()

async function put({ key, body, contentType, metadata }: DeliveredObject): Promise<void> {
  const path = `/${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`
  const timestamp = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
  const headers: Record<string, string> = {
    'x-amz-date': timestamp,
    'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
    'content-type': contentType,
    'content-length': String(body.length),
    'x-amz-meta-source': 'soak',
  }
  for (const [name, value] of Object.entries(metadata)) headers[`x-amz-meta-${name}`] = value
  const scope = `${timestamp.slice(0, 8)}/${s3.region}/s3/aws4_request`
  const signed = ['host', ...Object.keys(headers)].sort().join(';')
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=unverified`
  const request = new Request(`http://127.0.0.1${path}`, { method: 'PUT', headers, body: Buffer.from(body) })
  const answer = await s3.handle(request, { rawTarget: path, ownDelivery: true })
  if (!answer.ok) throw new Error(`PUT ${key}: ${answer.status} ${await answer.text()}`)
}

const genesys = new GenesysSimulator({
  ...scenario.settings,
  rateLimitPerMinute: 1_000_000,
  region: scenario.region,
  organization: scenario.organization,
  clients: scenario.clients,
  delivery: {
    region: s3.region,
    credentials: S3Simulator.defaultCredentials,
    // As if the bucket's owner stamped what arrives, and missed one in twenty: these are to be repaired.
    put: async (object) => {
      const isBare = (createHash('sha256').update(object.key).digest()[0] ?? 0) % 20 === 0
      await put({ ...object, metadata: { ...object.metadata, ...(isBare ? {} : { 'legal-hold-tag': tag }) } })
      delivered.set(object.key, isBare ? 'bare' : 'stamped')
    },
  },
})

for (const { key, contentType, body } of scenario.preExistingObjects) {
  await put({ bucket, key, contentType, body: await body(), metadata: {} })
  others.add(key)
}
const counts = {
  s3: scatterFaults(s3.faults, 's3', orders.faults, orders.seed),
  genesys: scatterFaults(genesys.faults, 'genesys', orders.faults, orders.seed),
}
const [genesysListener, s3Listener] = await Promise.all([genesys.listen(), s3.listen()])

/** What is wrong with one object that was delivered. */
function wrongOf(kind: 'stamped' | 'bare', versions: readonly ObjectVersion[]): string | undefined {
  const [current, original, ...more] = versions
  const meta = (version: ObjectVersion | undefined) => Object.fromEntries(version?.metadata ?? [])
  if (current === undefined || current.deleteMarker) return 'is gone'
  if (meta(current)['legal-hold-tag'] !== tag) return 'carries no hold'
  if (meta(current).source !== 'soak') return 'lost its other metadata'
  if (kind === 'stamped') return versions.length === 1 ? undefined : 'was copied although it carried the hold'
  if (original === undefined || more.length > 0) return `has ${versions.length} versions`
  if (meta(original)['legal-hold-tag'] !== undefined) return 'lost its original'
  if (original.legalHold !== 'ON') return 'has an original that nothing protects'
  if (JSON.stringify(current.body) !== JSON.stringify(original.body)) return 'has another content'
  const contentType = (version: ObjectVersion) => Object.fromEntries(version.headers)['content-type']
  return contentType(current) === contentType(original) ? undefined : 'lost its content type'
}

function stateOf(): ServerState {
  const wrongs: string[] = []
  for (const [key, kind] of delivered) {
    const wrong = wrongOf(kind, s3.versions(bucket, key))
    if (wrong !== undefined) wrongs.push(`${key} ${wrong}`)
  }
  for (const key of others) {
    const [version, ...more] = s3.versions(bucket, key)
    const isAsItWas = more.length === 0 && version?.legalHold !== 'ON' && version?.metadata.length === 1
    if (!isAsItWas) wrongs.push(`${key} is of nobody's concern and was changed`)
  }
  const keys = s3.keys(bucket)
  if (keys.length !== delivered.size + others.size) {
    wrongs.push(`${keys.length} keys in place of ${delivered.size} and ${others.size}`)
  }
  if (s3.uploads(bucket).length > 0) wrongs.push('an upload is left')
  if (genesys.jobs.length !== 1) wrongs.push(`${genesys.jobs.length} jobs`)
  const kinds = [...delivered.values()]
  return {
    faults: Object.fromEntries(
      Object.entries(counts).flatMap(([service, byKind]) =>
        [...byKind].map(([kind, count]) => [`${service}: ${kind}`, count]),
      ),
    ),
    requests: Object.values(s3.counts()).reduce((sum, count) => sum + count, 0),
    keys: keys.filter((key) => delivered.has(key)),
    delivered: {
      stamped: kinds.filter((kind) => kind === 'stamped').length,
      bare: kinds.filter((kind) => kind === 'bare').length,
    },
    wrongs: wrongs.slice(0, 10),
    wrongCount: wrongs.length,
  }
}

process.on('message', () => process.send?.(stateOf()))
// Without the process that asked for them they are of no use.
process.on('disconnect', () => process.exit(0))
process.send?.({
  genesysEndpoint: genesysListener.endpoint,
  s3Endpoint: s3Listener.endpoint,
  interval: scenario.interval,
  recordingIds: scenario.inScope.recordingIds,
  failAtSourceIds: scenario.inScope.failAtSourceIds,
  objects: scenario.inScope.objects,
  others: others.size,
} satisfies ServerDescription)

// A process of its own, which trusts the certificate of the server behind the proxy and can reach it in no other way.
import { LegalHoldError } from '#src/index.js'
import { S3StorageAdapter } from '#src/s3.js'

const [endpoint = '', bucket = '', credentials = '{}'] = process.argv.slice(2)
const storage = new S3StorageAdapter({
  bucket,
  endpoint,
  region: 'eu-west-1',
  credentials: JSON.parse(credentials),
  retry: { retries: 0 },
})
const said: Record<string, unknown> = {}
try {
  const listed: string[] = []
  for await (const { key } of storage.list('')) listed.push(key)
  said.listed = listed
  const answer = await storage.head({ bucket, key: 'k' }, { full: true })
  said.metadata = answer.found ? answer.state.metadata : undefined
  if (answer.found) {
    await storage.replaceMetadata(answer.state, { ...answer.state.metadata, 'legal-hold-tag': 'm-1' })
    await storage.mergeTags(answer.state, { hold: 'm-1' })
  }
  said.text = await storage.readText({ bucket, key: 'k' }, { maxBytes: 100 })
} catch (error) {
  if (!LegalHoldError.isInstance(error)) throw error
  said.error = { code: error.code, message: error.message, retryable: error.retryable, outcome: error.outcome }
} finally {
  storage.close()
}
console.log(JSON.stringify(said))

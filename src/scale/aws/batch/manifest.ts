import { counted, verb } from '../../../internal/text/counted.js'
import { LegalHoldError } from '../../../model/errors.js'
import type { ShardJob } from '../../ports/shard-engine.js'

/*
 * The manifest of a job: CSV without a header, a row `bucket,key` for each task, keys URL-encoded (S3 user guide, "Specifying a
 * manifest"). Readers disagree on whether `+` is a space: with every special character percent-encoded both readings are right.
 */

/** A key as a row of a manifest has it. */
export function encodeManifestKey(key: string): string {
  const encoded = encodeURIComponent(key).replaceAll('%2F', '/')
  return encoded.replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** A key as manifests, invocations and reports have it. What is not encoded at all is taken as it is. */
export function decodeManifestKey(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

/** The manifest of a round. It is held in memory: about 150 bytes for each shard. */
export async function buildManifest(job: ShardJob, bucket: string): Promise<Buffer> {
  const pieces: Buffer[] = []
  let rows = ''
  let count = 0
  for await (const { key } of job.refs()) {
    count += 1
    rows += `${bucket},${encodeManifestKey(key)}\n`
    if (rows.length < 1 << 16) continue
    pieces.push(Buffer.from(rows))
    rows = ''
  }
  pieces.push(Buffer.from(rows))
  if (count !== job.shards || count === 0) {
    throw new LegalHoldError(
      `A job of ${counted(job.shards, 'shard')} was to be submitted, and ${count} ${verb(count, 'was', 'were')} named. Submit a round with at least one shard, and name each of them.`,
      { code: 'INVALID_REQUEST', stage: 'scale' },
    )
  }
  return Buffer.concat(pieces)
}

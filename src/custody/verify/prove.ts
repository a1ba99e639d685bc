import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { counted } from '../../internal/text/counted.js'
import { AccountCheck } from '../../journal/check/account-check.js'
import { LegalHoldError } from '../../model/errors.js'
import type { CallOptions } from '../../ports/runtime.js'
import { bundleFiles } from '../bundle/contents.js'
import { type InclusionProof, proofType } from '../bundle/proof.js'
import { fileLines, objectNameOf } from '../bundle/record-lines.js'
import type { ShardInclusion } from '../bundle/shard-inclusion.js'
import { readStatementOf } from '../bundle/statement-file.js'
import type { DsseEnvelope } from '../crypto/envelope.js'
import { AuditPath, leafHash, rootFromPath } from '../crypto/merkle.js'
import { readRecord } from '../journal/record.js'
import { proveInShards } from './shard-proof.js'
import { type ShardPlace, type ShardVerifier, shardLines } from './shards.js'

/** Options of {@link prove}. */
export interface ProveOptions extends CallOptions {
  /**
   * Reaches the objects of a run over shards: `shardVerifier({ store })` of `genesys-legal-hold-exporter/scale`. The proof then
   * has two audit paths: from the object's record to the seal of its shard, and from the record of the shard to the signed root.
   *
   * @defaultValue only records of the bundle itself
   */
  readonly shards?: ShardVerifier | undefined
}

/**
 * Extracts the last record about an object from a bundle, with its audit path and the signed statement. One
 * recording can thus be disclosed without the others.
 *
 * @param key `BUCKET/KEY`, or the key alone
 * @throws LegalHoldError `OBJECT_NOT_FOUND` if no record is about it. `EVIDENCE_UNREADABLE` if the bundle is not
 *   what was sealed, or if its records contradict each other (`details.line`)
 */
export async function prove(dir: string, key: string, options: ProveOptions = {}): Promise<InclusionProof> {
  const { log, storage } = (await readStatementOf(dir)).predicate
  const statement: DsseEnvelope = JSON.parse(await readText(dir, bundleFiles.statement))
  const publicKey = await readText(dir, bundleFiles.publicKey)
  const names = new Set([key, `${storage.bucket}/${key}`])
  const own = await find(dir, names, options)
  const prefix = `${storage.bucket}/`
  const inBucket = key.startsWith(prefix) ? key.slice(prefix.length) : key
  const found =
    own === undefined ? await findInShards(dir, { names, key: inBucket }, options) : { index: own, shard: undefined }
  if (found === undefined) {
    throw new LegalHoldError(`No record of the bundle is about ${JSON.stringify(key)}.`, {
      code: 'OBJECT_NOT_FOUND',
      stage: 'report',
    })
  }
  const { index, shard } = found
  if (index >= log.treeSize) throw unusable('it has more records than were signed: verify it')
  const { line, auditPath } = await pathOf(dir, index, log.treeSize, options)
  if (rootFromPath(leafHash(line), index, log.treeSize, auditPath)?.toString('hex') !== log.rootHash) {
    throw unusable('its records are not those that were signed: verify it')
  }
  return {
    type: proofType,
    record: line.toString(),
    leafIndex: index,
    treeSize: log.treeSize,
    auditPath: auditPath.map((hash) => hash.toString('hex')),
    statement,
    publicKey,
    ...(shard === undefined ? {} : { shard }),
  }
}

/** The record of the shard that an object is in, and what is proven beneath it. */
async function findInShards(
  dir: string,
  what: { readonly names: ReadonlySet<string>; readonly key: string },
  { shards: verifier, ...options }: ProveOptions,
): Promise<{ readonly index: number; readonly shard: ShardInclusion } | undefined> {
  const lines: number[] = []
  const shards: ShardPlace[] = []
  for await (const { line, shard } of shardLines(dir, options)) {
    lines.push(line)
    shards.push({ shard: shard.shard, key: shard.key, sealSha256: shard.sealSha256 })
  }
  if (shards.length === 0) return undefined
  if (verifier === undefined) {
    throw new LegalHoldError(
      `No record of the bundle itself is about ${JSON.stringify(what.key)}. It stands on ${counted(shards.length, 'shard')}: give their store (shards).`,
      { code: 'OBJECT_NOT_FOUND', stage: 'report' },
    )
  }
  const found = await proveInShards(verifier, { shards, ...what }, options)
  const line = found === undefined ? undefined : lines[found.at]
  return found === undefined || line === undefined ? undefined : { index: line - 1, shard: found.inclusion }
}

async function find(dir: string, names: ReadonlySet<string>, options: CallOptions): Promise<number | undefined> {
  let found: number | undefined
  let index = 0
  const account = new AccountCheck()
  for await (const { lines } of fileLines(join(dir, bundleFiles.records), options)) {
    for (const line of lines) {
      const record = readRecord(line)
      const checked = typeof record === 'string' ? record : account.take(record)
      // One record proves nothing if the others contradict it.
      if (typeof checked === 'string') throw unusable(`line ${index + 1} of its records ${checked}`, index + 1)
      if (typeof record !== 'string' && record.type === 'verdict' && names.has(objectNameOf(record) ?? '')) {
        found = index
      }
      index += 1
    }
  }
  return found
}

async function pathOf(
  dir: string,
  index: number,
  treeSize: number,
  options: CallOptions,
): Promise<{ readonly line: Buffer; readonly auditPath: readonly Buffer[] }> {
  const path = new AuditPath(index, treeSize)
  let at = 0
  let wanted = Buffer.alloc(0)
  for await (const { lines } of fileLines(join(dir, bundleFiles.records), options)) {
    for (const line of lines) {
      if (at === index) wanted = Buffer.from(line)
      path.append(leafHash(line))
      at += 1
    }
  }
  return { line: wanted, auditPath: path.path() }
}

async function readText(dir: string, name: string): Promise<string> {
  return readFile(join(dir, name), 'utf8').catch((error: unknown) => {
    throw new LegalHoldError(`${join(dir, name)} cannot be read.`, {
      code: 'EVIDENCE_UNREADABLE',
      stage: 'report',
      cause: error,
    })
  })
}

function unusable(why: string, line?: number): LegalHoldError {
  return new LegalHoldError(`The bundle cannot be used: ${why}.`, {
    code: 'EVIDENCE_UNREADABLE',
    stage: 'report',
    ...(line === undefined ? {} : { details: { line } }),
  })
}

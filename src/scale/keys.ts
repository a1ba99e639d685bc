import type { ShardRef } from './ports/shard-engine.js'

/** Where the parts of a run lie in a store. */
export interface RunKeys {
  /** Of everything of the run; ends with `/`. */
  readonly prefix: string
  readonly plan: string
  /** Of the coordinator's journal. */
  readonly journal: string
  readonly seals: string
}

const digits = (number: number) => String(number).padStart(8, '0')

/** The keys of a run. @param prefix of all runs; empty, or ends with `/` */
export function runKeys(prefix: string, runId: string): RunKeys {
  const own = `${prefix}${runId}/`
  return {
    prefix: own,
    plan: `${own}plan.json`,
    journal: `${own}journal/`,
    seals: `${own}seals/`,
  }
}

/** What a run may be named: a part of keys, of tokens and of URLs. */
export function isRunId(text: unknown): text is string {
  return typeof text === 'string' && /^[\w][\w.-]{0,99}$/.test(text)
}

/** The key of a shard's list: an engine may hand a worker nothing but it. */
export function shardKey({ prefix }: RunKeys, shard: number, sha256: string): string {
  return `${prefix}shards/${digits(shard)}-${sha256}.jsonl`
}

/** Key of a page of the plan's index. */
export function indexKey({ prefix }: RunKeys, page: number, sha256: string): string {
  return `${prefix}index/${digits(page)}-${sha256}.txt`
}

/** Key of a page of the shards of a round. */
export function roundKey({ prefix }: RunKeys, round: number, page: number, sha256: string): string {
  return `${prefix}rounds/${digits(round)}/${digits(page)}-${sha256}.txt`
}

/** Key of the wish that a round ends. It is there once somebody has cancelled the round. */
export function cancelKey({ prefix }: RunKeys, round: number): string {
  return `${prefix}cancel/${digits(round)}.json`
}

/** Key of a piece of what is sorted on the way to a plan. */
export function spoolKey({ prefix }: RunKeys, attempt: string, run: number, piece: number): string {
  return `${prefix}spool/${attempt}/${digits(run)}/${digits(piece)}.jsonl`
}

/** What the key of a shard's list says, and where the rest of the shard lies. */
export interface ParsedShardKey extends ShardRef {
  readonly runId: string
  readonly sha256: string
  /** Of its journal. */
  readonly journal: string
  readonly seal: string
}

const keyPattern = /^((?:[^/]*\/)*)([^/]+)\/shards\/(\d{8})-([0-9a-f]{64})\.jsonl$/

/** Reads the key of a shard's list; `undefined` for any other key. */
export function parseShardKey(key: string): ParsedShardKey | undefined {
  const match = keyPattern.exec(key)
  if (match === null) return undefined
  const [, before = '', runId = '', number = '', sha256 = ''] = match
  const own = `${before}${runId}/`
  const name = `${number}-${sha256}`
  return {
    key,
    runId,
    shard: Number(number),
    sha256,
    journal: `${own}journals/${name}/`,
    seal: `${own}seals/${name}.json`,
  }
}

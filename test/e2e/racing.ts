import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { readTagList } from '../../src/model/hold.js'
import { taggingHeader } from '../../src/storage/s3/repair/properties.js'
import { S3, upload, type World } from '../storage/s3/world.js'
import type { RacingOrder, RacingSaid } from './racing-child.js'

const child = fileURLToPath(new URL('racing-child.ts', import.meta.url))

/** Exporters in processes of their own, which take order after order. */
export class Racers {
  readonly #children: readonly ChildProcess[]
  readonly #answers: readonly AsyncIterator<string>[]

  constructor(count: number) {
    this.#children = Array.from({ length: count }, () =>
      spawn(process.execPath, ['--import', 'tsx', child], { stdio: ['pipe', 'pipe', 'inherit'] }),
    )
    this.#answers = this.#children.map(({ stdout }) => {
      if (stdout === null) throw new Error('no pipe')
      return createInterface({ input: stdout })[Symbol.asyncIterator]()
    })
  }

  /** All at once; resolves when each has said what it did. */
  async race(orders: readonly RacingOrder[]): Promise<readonly (readonly RacingSaid[])[]> {
    for (const [at, order] of orders.entries()) this.#children[at]?.stdin?.write(`${JSON.stringify(order)}\n`)
    return Promise.all(
      orders.map(async (_, at) => {
        const answer = await this.#answers[at]?.next()
        if (answer === undefined || answer.done) throw new Error('an exporter ended without an answer')
        const said = JSON.parse(answer.value) as readonly RacingSaid[] | string
        if (typeof said === 'string') throw new Error(said)
        return said
      }),
    )
  }

  async close(): Promise<void> {
    for (const { stdin } of this.#children) stdin?.end()
    await Promise.all(
      this.#children.map((one) =>
        one.exitCode === null ? new Promise((ended) => one.once('exit', ended)) : undefined,
      ),
    )
  }
}

/** Where the hold tags stand. */
export type Where = 'metadata' | 'tags' | 'both'

export interface Race {
  readonly objects: number
  readonly where: Where
  /** What is on the objects before: one of them is released, the others stay. */
  readonly before: readonly string[]
  readonly merged: readonly string[]
  readonly released: readonly string[]
}

const unrelated = { team: 'a b', number: '' }

export function requirementsOf(where: Where, tag: string) {
  return {
    ...(where === 'tags' ? {} : { metadata: { 'legal-hold-tag': tag } }),
    ...(where === 'metadata' ? {} : { tags: { hold: tag } }),
  }
}

/** Delivers the objects of a race. */
export async function deliver(world: Omit<World, 'simulator'>, prefix: string, race: Race): Promise<readonly string[]> {
  const keys = Array.from({ length: race.objects }, (_, at) => `${prefix}${String(at).padStart(3, '0')}.opus`)
  const { before, where } = race
  await Promise.all(
    keys.map((key, at) =>
      upload(world, key, `sound ${at}`, {
        Metadata: {
          project: `x${at}`,
          ...(where === 'tags' || before.length === 0 ? {} : { 'legal-hold-tag': before.join(',') }),
        },
        // Ceph RGW takes a plus sign in this header as it is.
        Tagging: taggingHeader({
          ...unrelated,
          number: String(at),
          ...(where === 'metadata' || before.length === 0 ? {} : { hold: before.join(' ') }),
        }),
      }),
    ),
  )
  return keys
}

/** What is wrong with the objects as they lie in the bucket, whatever the exporters say of them. */
export async function judge(
  world: Omit<World, 'simulator'>,
  prefix: string,
  keys: readonly string[],
  race: Race,
): Promise<string[]> {
  const { client, bucket } = world
  const wrong: string[] = []
  const { Versions = [], IsTruncated } = await client.send(
    new S3.ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix }),
  )
  if (IsTruncated) throw new Error('more versions than a page shows')
  for (const [at, key] of keys.entries()) {
    const history = Versions.filter((version) => version.Key === key)
    const states = await Promise.all(history.map(({ VersionId = '' }) => stateOf(world, key, VersionId)))
    const top = states[0]
    const original = states.at(-1)
    if (top === undefined || original === undefined) {
      wrong.push(`${key}: no version`)
      continue
    }
    const found: string[] = []
    if (top.metadata.project !== `x${at}`) found.push(`project is ${top.metadata.project}`)
    if (top.tags.team !== unrelated.team || top.tags.number !== String(at)) found.push('an unrelated tag is gone')
    const lists = [
      ...(race.where === 'tags' ? [] : [readTagList(top.metadata['legal-hold-tag'] ?? '', 'metadata')]),
      ...(race.where === 'metadata' ? [] : [readTagList(top.tags.hold ?? '', 'object-tag')]),
    ]
    const expected = [...race.before.filter((tag) => !race.released.includes(tag)), ...race.merged].sort()
    for (const list of lists) {
      for (const tag of expected) if (!list.includes(tag)) found.push(`${tag} is not there`)
      for (const tag of list) if (!expected.includes(tag)) found.push(`${tag} is there again`)
      if (new Set(list).size !== list.length) found.push('a tag is there twice')
    }
    if (states.some(({ body }) => body !== `sound ${at}`)) found.push('a version has another content')
    if (states.length > 1 && original.legalHold !== 'ON') found.push('the original is not held')
    if (found.length > 0) {
      const chain = states.map(({ metadata, tags, legalHold }) =>
        JSON.stringify([metadata['legal-hold-tag'], tags, legalHold]),
      )
      wrong.push(`${key}: ${found.join(', ')}\n    ${chain.join('\n    ')}`)
    }
  }
  return wrong
}

async function stateOf({ client, bucket }: Omit<World, 'simulator'>, Key: string, VersionId: string) {
  const at = { Bucket: bucket, Key, VersionId }
  const [object, { TagSet = [] }] = await Promise.all([
    client.send(new S3.GetObjectCommand(at)),
    client.send(new S3.GetObjectTaggingCommand(at)),
  ])
  return {
    body: await object.Body?.transformToString(),
    metadata: object.Metadata ?? {},
    legalHold: object.ObjectLockLegalHoldStatus,
    tags: Object.fromEntries(TagSet.map(({ Key = '', Value = '' }) => [Key, Value])),
  }
}

import { afterEach, describe, expect, test } from 'vitest'
import { LegalHoldError } from '#src/index.js'
import { type AnswersWorld, answersWorld, bucket, transports } from './answers-world.js'
import { type ByteAnswer, type Fate, withHeader } from './byte-proxy.js'

const count = 8
const keyOf = (at: number) => `o/${at}`
const until = (at: number) => `20${30 + at}-01-01T00:00:00.000Z`

let world: AnswersWorld | undefined
afterEach(async () => {
  await world?.close()
  world = undefined
})

/** Objects each of which shows something else in all of its parts. */
const seeds = Array.from({ length: count }, (_, at) => ({
  key: keyOf(at),
  body: `content of ${at}`,
  input: {
    Metadata: { project: `x${at}` },
    Tagging: `team=y${at}`,
    ...(at % 2 === 0 ? { ObjectLockLegalHoldStatus: 'ON' as const } : {}),
    ObjectLockMode: 'GOVERNANCE' as const,
    ObjectLockRetainUntilDate: new Date(until(at)),
    GrantRead: `uri="http://acs.amazonaws.com/groups/global/${at % 2 === 0 ? 'AuthenticatedUsers' : 'AllUsers'}"`,
  },
}))

/** What is read of one object or folder, and what it must be. */
interface Part {
  readonly operation: string
  read(w: AnswersWorld, at: number): Promise<unknown>
  expected(at: number): unknown
}

async function stateOf(w: AnswersWorld, at: number) {
  const head = await w.adapter.head({ bucket, key: keyOf(at) }, { full: true })
  return head.found ? head.state : undefined
}

const parts: readonly Part[] = [
  {
    operation: 'HeadObject',
    read: async (w, at) => (await stateOf(w, at))?.metadata.project,
    expected: (at) => `x${at}`,
  },
  {
    operation: 'GetObjectTagging',
    read: async (w, at) => (await stateOf(w, at))?.tags,
    expected: (at) => ({ team: `y${at}` }),
  },
  {
    operation: 'GetObjectLegalHold',
    read: async (w, at) => (await stateOf(w, at))?.legalHold,
    expected: (at) => (at % 2 === 0 ? 'ON' : 'OFF'),
  },
  {
    operation: 'GetObjectRetention',
    read: async (w, at) => (await stateOf(w, at))?.retention,
    expected: (at) => ({ mode: 'GOVERNANCE', retainUntilDate: until(at) }),
  },
  {
    operation: 'GetObjectAcl',
    read: async (w, at) => {
      const acl = (await stateOf(w, at))?.acl
      return typeof acl === 'object' ? acl.map(({ grantee }) => grantee).filter((one) => one.startsWith('uri=')) : acl
    },
    expected: (at) => [
      `uri=http://acs.amazonaws.com/groups/global/${at % 2 === 0 ? 'AuthenticatedUsers' : 'AllUsers'}`,
    ],
  },
  {
    operation: 'ListObjectsV2',
    read: async (w, at) => {
      const keys: string[] = []
      for await (const { key } of w.adapter.list(keyOf(at))) keys.push(key)
      return keys
    },
    expected: (at) => [keyOf(at)],
  },
  {
    operation: 'ListObjectVersions',
    read: async (w, at) => {
      const keys: string[] = []
      for await (const { key } of w.adapter.listVersions(keyOf(at))) keys.push(key)
      return keys
    },
    expected: (at) => [keyOf(at)],
  },
  {
    operation: 'GetObject',
    read: (w, at) => w.adapter.readText({ bucket, key: keyOf(at) }, { maxBytes: 100 }),
    expected: (at) => `content of ${at}`,
  },
]

/** A server whose HEAD leaves locks out, so that they are asked for. */
function withoutLocks(answer: ByteAnswer): ByteAnswer {
  const names = ['legal-hold', 'mode', 'retain-until-date'].map((name) => `x-amz-object-lock-${name}`)
  return names.reduce((given, name) => withHeader(given, name, undefined), answer)
}

/** As a run repeats what may pass: a connection that is closed over an answer too many takes what is under way with it. */
async function persistently<T>(read: () => Promise<T>): Promise<T> {
  for (let left = 5; ; left -= 1) {
    try {
      return await read()
    } catch (error) {
      if (left === 0 || !LegalHoldError.isInstance(error) || !error.retryable) throw error
    }
  }
}

const moments: readonly NonNullable<Fate['again']>[] = ['together', 'idle', 1, 2]

describe.each(transports)('an answer that comes twice, %s', (transport) => {
  describe.each(parts)('to $operation', ({ operation, read, expected }) => {
    test.each(moments)('%s: every object shows what is its own', async (again) => {
      world = await answersWorld(seeds, {
        transport,
        bucket: { objectLock: true, objectOwnership: 'ObjectWriter', publicAccessBlock: null },
      })
      const w = world
      let answered = 0
      w.proxy.fate = (request, real) => {
        const answer = request.operation === 'HeadObject' ? withoutLocks(real) : real
        if (request.operation !== operation) return { answer }
        answered += 1
        return answered % 2 === 1 ? { answer, again } : { answer }
      }
      for (let at = 0; at < count; at += 1) {
        expect([at, await persistently(() => read(w, at))]).toEqual([at, expected(at)])
        if (again === 'idle') await w.proxy.quiet()
      }
      expect(answered).toBeGreaterThanOrEqual(count)
    })
  })
})

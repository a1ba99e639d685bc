import fc from 'fast-check'

/** What stands where the hold's tag belongs. */
const slot = fc.constantFrom(undefined, undefined, undefined, 'ours', 'other', 'other+ours', 'longer')

/** An object as it was delivered. */
export interface ObjectCase {
  readonly body: string
  readonly metadata: Readonly<Record<string, string>>
  readonly holdInMetadata: string | undefined
  readonly holdInTags: string | undefined
  readonly tags: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  readonly storageClass: 'STANDARD' | 'STANDARD_IA' | 'GLACIER_IR' | 'GLACIER'
  readonly encryption: 'none' | 'AES256' | 'aws:kms'
  readonly checksum: 'none' | 'SHA256' | 'CRC32'
  readonly redirect: boolean
  readonly grants: boolean
  readonly legalHold: boolean
  readonly retention: 'none' | 'GOVERNANCE' | 'COMPLIANCE'
  readonly older: number
  readonly state: 'plain' | 'replica' | 'missing' | 'deleted'
}

export interface BucketCase {
  readonly kind: 'locked' | 'versioned' | 'unversioned'
  readonly acls: boolean
  readonly defaultRetention: boolean
}

export interface PolicyCase {
  readonly requires: {
    readonly metadata: boolean
    readonly tags: boolean
    readonly legalHold: boolean
    readonly retain: boolean
  }
  readonly onConflict: 'refuse' | 'merge'
  readonly protectOriginal: boolean
  readonly versions: 'current' | 'all'
  readonly allowOverwrite: boolean
  readonly multipart: boolean
  readonly dryRun: boolean
}

export type Event =
  | {
      readonly at: number
      readonly fault:
        | '503'
        | '503 after'
        | '200 with an error'
        | '200 with an error after'
        | 'reset'
        | 'reset after'
        | '409'
        | '412'
        | '501'
        | 'late'
    }
  | { readonly at: number; readonly writer: 'content' | 'metadata' | 'tag' | 'hold' | 'retain' | 'delete' }

export interface ModelCase {
  readonly bucket: BucketCase
  readonly object: ObjectCase
  readonly policy: PolicyCase
  readonly events: readonly Event[]
}

const name = fc.constantFrom('project', 'agent', 'x!y', '__proto__', 'constructor')
const value = fc.constantFrom('', 'v', 'a, b', '=?UTF-8?B?w7w=?=', 'x'.repeat(200))
const tagKey = fc.constantFrom('team', 'a b', '__proto__', 'x/y')
const record = (names: fc.Arbitrary<string>, values: fc.Arbitrary<string>) =>
  fc.array(fc.tuple(names, values), { maxLength: 3 }).map((entries) => {
    const made: Record<string, string> = Object.create(null)
    for (const [key, text] of entries) made[key] = text
    return made
  })

const header = fc.constantFrom<[string, string]>(
  ['ContentType', 'audio/ogg; codecs=opus'],
  ['ContentEncoding', 'identity'],
  ['ContentLanguage', 'de, en'],
  ['ContentDisposition', 'attachment; filename="a b.opus"'],
  ['CacheControl', 'private, max-age=0'],
)

const object: fc.Arbitrary<ObjectCase> = fc.record({
  body: fc.constantFrom('', 'sound', 'x'.repeat(300)),
  metadata: record(name, value),
  holdInMetadata: slot,
  holdInTags: slot,
  tags: record(tagKey, fc.constantFrom('', 'v', 'a b')),
  headers: fc.array(header, { maxLength: 3 }).map((entries) => Object.fromEntries(entries)),
  storageClass: fc.constantFrom('STANDARD', 'STANDARD', 'STANDARD', 'STANDARD_IA', 'GLACIER_IR', 'GLACIER'),
  encryption: fc.constantFrom('none', 'AES256', 'aws:kms'),
  checksum: fc.constantFrom('none', 'SHA256', 'CRC32'),
  redirect: fc.boolean(),
  grants: fc.boolean(),
  legalHold: fc.boolean(),
  retention: fc.constantFrom('none', 'none', 'GOVERNANCE', 'COMPLIANCE'),
  older: fc.constantFrom(0, 0, 1, 2),
  state: fc.constantFrom('plain', 'plain', 'plain', 'plain', 'plain', 'plain', 'replica', 'missing', 'deleted'),
})

const policy: fc.Arbitrary<PolicyCase> = fc.record({
  requires: fc
    .record({ metadata: fc.boolean(), tags: fc.boolean(), legalHold: fc.boolean(), retain: fc.boolean() })
    .map((asked) => (Object.values(asked).some(Boolean) ? asked : { ...asked, metadata: true })),
  onConflict: fc.constantFrom('refuse', 'merge', 'merge'),
  protectOriginal: fc.constantFrom(true, true, true, false),
  versions: fc.constantFrom('current', 'current', 'all'),
  allowOverwrite: fc.boolean(),
  multipart: fc.constantFrom(false, false, true),
  dryRun: fc.constantFrom(false, false, false, false, false, false, true),
})

// A repair takes some fifteen requests.
const at = fc.integer({ min: 1, max: 25 })
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      at,
      fault: fc.constantFrom(
        '503',
        '503 after',
        '200 with an error',
        '200 with an error after',
        'reset',
        'reset after',
        '409',
        '412',
        '501',
        'late',
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      at,
      writer: fc.constantFrom('content', 'metadata', 'tag', 'hold', 'retain', 'delete'),
    }),
  },
)

export const modelCase: fc.Arbitrary<ModelCase> = fc
  .record({
    bucket: fc.record({
      kind: fc.constantFrom('locked', 'locked', 'locked', 'locked', 'versioned', 'unversioned'),
      acls: fc.boolean(),
      defaultRetention: fc.constantFrom(false, false, false, true),
    }),
    object,
    policy,
    events: fc.array(event, { maxLength: 5 }),
  })
  .map(possible)

/** Leaves out what a bucket cannot have, and what S3 can show to nobody (docs/repair.md, races). */
function possible({ bucket, object, policy, events }: ModelCase): ModelCase {
  const isLocked = bucket.kind === 'locked'
  const isLate = events.some((one) => 'fault' in one && one.fault === 'late')
  const { metadata, tags } = policy.requires
  return {
    bucket: { ...bucket, defaultRetention: bucket.defaultRetention && isLocked },
    object: {
      ...object,
      grants: object.grants && bucket.acls,
      legalHold: object.legalHold && isLocked,
      retention: isLocked ? object.retention : 'none',
      older: bucket.kind === 'unversioned' ? 0 : object.older,
      state: bucket.kind === 'unversioned' && object.state === 'deleted' ? 'plain' : object.state,
    },
    policy: {
      ...policy,
      requires: isLocked ? policy.requires : { metadata: metadata || !tags, tags, legalHold: false, retain: false },
      versions: isLocked ? policy.versions : 'current',
    },
    // Without versions, and under a copy that arrives late, another's change can be lost unseen.
    events: events.filter((one) => !('writer' in one) || (bucket.kind !== 'unversioned' && !isLate)),
  }
}

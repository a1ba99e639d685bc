import { LegalHoldError } from '../../../model/errors.js'
import { s3CodeOf, saidBy } from '../protocol/errors.js'
import type { S3ClientSettings } from './settings.js'

/*
 * What requests ask for beyond what they are for. Not every server takes it (s3-facts, servers): Backblaze B2 answers 400 to
 * `x-amz-checksum-mode`, Cloudflare R2 501 to `x-amz-tagging-directive`. A request that is refused is sent again without what
 * it could do without, and the server is not asked for that again. What a refusal was not about is asked for as before.
 */

/** How one extra is asked for. */
interface ExtraRule {
  /** Operations that ask for it; the SDK adds some by itself, so that the input does not show them. */
  readonly operations: readonly string[]
  /** Fields of the input that ask for it. */
  readonly fields: readonly string[]
  /** Only with this value, which is what S3 does without being asked, is it an extra. */
  readonly value?: string
  /** Headers that the SDK makes of it or adds by itself. */
  readonly headers: RegExp
  /** How a refusal names it. */
  readonly named: RegExp
}

const copies = ['CopyObject', 'CreateMultipartUpload'] as const
const lists = ['ListObjectsV2', 'ListObjectVersions', 'ListMultipartUploads'] as const
const payloads = [
  'PutObject',
  'PutObjectTagging',
  'PutObjectLegalHold',
  'PutObjectRetention',
  'PutObjectAcl',
  'UploadPart',
] as const

/** In the order in which they are left out where a refusal does not say what it is about. */
const rules = {
  /** Lost: checksums are unknown (`checksums: 'unreadable'`). */
  'checksum-mode': {
    operations: ['HeadObject', 'GetObject'],
    fields: ['ChecksumMode'],
    headers: /^x-amz-checksum-mode$/i,
    named: /checksum-mode/i,
  },
  /** Lost: keys that XML cannot carry. */
  'url-encoding': { operations: lists, fields: ['EncodingType'], headers: /^$/, named: /encoding-?type/i },
  /** Lost: nothing; the body is sent with its MD5 instead. */
  'payload-checksum': {
    operations: payloads,
    fields: [],
    headers: /^x-amz-(sdk-checksum-algorithm|checksum-[a-z0-9]+)$/i,
    named: /x-amz-(sdk-)?checksum|content-?md5/i,
  },
  /** Lost: a writer in between is seen only by what lies beneath the copy. */
  'destination-condition': {
    operations: ['CopyObject', 'CompleteMultipartUpload'],
    fields: ['IfMatch'],
    headers: /^if-match$/i,
    named: /(^|[^-\w])if-match/i,
  },
  /** Lost: nothing, S3 copies tags by itself. */
  'tagging-directive': {
    operations: ['CopyObject'],
    fields: ['TaggingDirective'],
    value: 'COPY',
    headers: /^x-amz-tagging-directive$/i,
    named: /tagging-?directive/i,
  },
  /** Lost: nothing, that is the class without being asked. */
  'storage-class': {
    operations: copies,
    fields: ['StorageClass'],
    value: 'STANDARD',
    headers: /^x-amz-storage-class$/i,
    named: /storage-?class/i,
  },
  /** Lost: nothing that is not compared afterwards; S3 encrypts so by itself. */
  encryption: {
    operations: copies,
    fields: ['ServerSideEncryption'],
    value: 'AES256',
    headers: /^x-amz-server-side-encryption$/i,
    named: /server-?side-?encryption(?!-?(aws|bucket))/i,
  },
  /** Lost: nothing, a bucket whose default is another shows when the copy is compared. */
  'bucket-key': {
    operations: copies,
    fields: ['BucketKeyEnabled'],
    value: 'false',
    headers: /^x-amz-server-side-encryption-bucket-key-enabled$/i,
    named: /bucket-?key/i,
  },
  /** Lost: nothing if the server keeps the algorithm by itself, as S3 does; else the copy is not a repair. */
  'checksum-algorithm': {
    operations: copies,
    fields: ['ChecksumAlgorithm', 'ChecksumType'],
    headers: /^x-amz-(sdk-)?checksum-(algorithm|type)$/i,
    named: /checksum-?(algorithm|type)/i,
  },
  /** Lost: what pins the source beside its version; without versions the last look before the copy. */
  'source-condition': {
    operations: ['CopyObject', 'UploadPartCopy'],
    fields: ['CopySourceIfMatch'],
    headers: /^x-amz-copy-source-if-match$/i,
    named: /copy-?source-?if-?match/i,
  },
} as const satisfies Record<string, ExtraRule>

export type Extra = keyof typeof rules

type NamedRule = readonly [Extra, ExtraRule]

/** The rules of each operation, in their order: most have none. */
const rulesByOperation: ReadonlyMap<string, readonly NamedRule[]> = groupRules()
const noRules: readonly NamedRule[] = []
const none: readonly Extra[] = []

function groupRules(): Map<string, NamedRule[]> {
  const groups = new Map<string, NamedRule[]>()
  for (const named of Object.entries(rules) as NamedRule[]) {
    for (const operation of named[1].operations) groups.set(operation, [...(groups.get(operation) ?? []), named])
  }
  return groups
}

function rulesOf(operation: string): readonly NamedRule[] {
  return rulesByOperation.get(operation) ?? noRules
}

type Input = Readonly<Record<string, unknown>>

/** What one server is known to take and to refuse. Knows nothing when it is made. */
export class Extras {
  readonly #accepted = new Map<string, Set<Extra>>()
  readonly #refused = new Map<string, readonly Extra[]>()
  readonly #isGivenClient: boolean

  constructor(settings: Pick<S3ClientSettings, 'client' | 'contentMd5'>) {
    // Only a client that was built elsewhere may be set to ask each GET for checksums.
    this.#isGivenClient = settings.client !== undefined
    if (settings.contentMd5 === true) this.#useMd5()
  }

  /** What requests of an operation must be sent without. */
  leftOut(operation: string): readonly Extra[] {
    return this.#refused.get(operation) ?? none
  }

  isRefused(operation: string, extra: Extra): boolean {
    return this.#refused.get(operation)?.includes(extra) === true
  }

  /** The server has answered a request that asked for it. */
  accept(operation: string, extra: Extra): void {
    const accepted = this.#accepted.get(operation)
    if (accepted === undefined) this.#accepted.set(operation, new Set([extra]))
    else accepted.add(extra)
  }

  /** The server has answered a request: what it asked for is no longer suspected. */
  acceptAll(operation: string, input: Input, leftOut: readonly Extra[]): void {
    // After the first answers there is nothing left to learn, and every request comes past here.
    for (const [extra, rule] of rulesOf(operation)) {
      if (this.#isAccepted(operation, extra) || leftOut.includes(extra)) continue
      if (this.#isAsked(rule, operation, input)) this.accept(operation, extra)
    }
  }

  /** The server answers a request only without it. */
  refuse(operation: string, extra: Extra): void {
    if (extra === 'payload-checksum') this.#useMd5()
    else this.#leaveOut(operation, extra)
  }

  /**
   * What to leave out next of a request that was refused; `undefined` if the refusal is about none of it, or about what it
   * must not be sent without.
   */
  suspect(
    operation: string,
    input: Input,
    refusal: LegalHoldError,
    { leftOut, musts }: { readonly leftOut: readonly Extra[]; readonly musts: readonly Extra[] },
  ): Extra | undefined {
    const asked = rulesOf(operation).filter(
      ([extra, rule]) => this.#isAsked(rule, operation, input) && !leftOut.includes(extra),
    )
    const words = `${saidBy(refusal)} ${refusal.answer?.argument ?? ''}`
    const isNamed = ([, { named }]: NamedRule) => named.test(words)
    if (asked.some((one) => musts.includes(one[0]) && isNamed(one))) return undefined
    const suspects = asked.filter(([extra]) => !musts.includes(extra) && !this.#isAccepted(operation, extra))
    return (suspects.find(isNamed) ?? suspects[0])?.[0]
  }

  #isAccepted(operation: string, extra: Extra): boolean {
    return this.#accepted.get(operation)?.has(extra) === true
  }

  /** Whether a request asks for the extra of one of its operation's rules. */
  #isAsked({ fields, value }: ExtraRule, operation: string, input: Input): boolean {
    const given = fields.filter((field) => input[field] !== undefined)
    // What the SDK adds by itself cannot be seen in the input.
    if (given.length === 0) return fields.length === 0 || (operation === 'GetObject' && this.#isGivenClient)
    return value === undefined || given.some((field) => String(input[field]) === value)
  }

  #useMd5(): void {
    for (const operation of payloads) this.#leaveOut(operation, 'payload-checksum')
  }

  #leaveOut(operation: string, extra: Extra): void {
    const known = this.leftOut(operation)
    if (!known.includes(extra)) this.#refused.set(operation, [...known, extra])
  }
}

/** Whether a failure may be a refusal of something in the request, rather than of the request. */
export function isRefusal(error: unknown): error is LegalHoldError {
  if (!LegalHoldError.isInstance(error) || ![400, 405, 501].includes(error.status ?? 0)) return false
  if (error.code !== 'STORAGE_REJECTED' && error.code !== 'STORAGE_UNSUPPORTED') return false
  return !aboutSomethingElse.has(s3CodeOf(error) ?? '') && !/object ?lock/i.test(saidBy(error))
}

/** Codes of refusals that no extra is the reason of. Others are open: who knows what a server calls it. */
const aboutSomethingElse: ReadonlySet<string> = new Set([
  'NoSuchUpload',
  'InvalidTag',
  'KeyTooLongError',
  'EntityTooLarge',
  'EntityTooSmall',
  'InvalidPart',
  'InvalidPartOrder',
  'InvalidBucketName',
  'MetadataTooLarge',
  'BadDigest',
])

/** An input without the extras that must be left out. */
export function withoutExtras<I extends object>(input: I, leftOut: readonly Extra[]): I {
  if (leftOut.length === 0) return input
  const fewer: Record<string, unknown> = Object.fromEntries(Object.entries(input))
  for (const extra of leftOut) {
    const { fields, value }: ExtraRule = rules[extra]
    for (const field of fields) if (value === undefined || String(fewer[field]) === value) delete fewer[field]
  }
  return fewer as I
}

/** Whether a header asks for something that must be left out. */
export function asksForExtra(header: string, value: string, leftOut: readonly Extra[]): boolean {
  return leftOut.some((extra) => {
    const rule: ExtraRule = rules[extra]
    return rule.headers.test(header) && (rule.value === undefined || rule.value === value)
  })
}

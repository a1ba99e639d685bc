/** Credentials that the S3 simulator knows, and what they are allowed. */
export interface S3SimulatorCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Makes these temporary credentials: every request must carry this token. */
  readonly sessionToken?: string | undefined
  /** When temporary credentials end, milliseconds since the epoch on the simulator's clock. */
  readonly expiresAtMs?: number | undefined
  /**
   * ARN of the caller, which bucket policies name. The root user of the bucket's owner may always repair its policy.
   * @defaultValue `arn:aws:iam::123456789012:root`
   */
  readonly arn?: string | undefined
  /** Actions allowed by the caller's own policy, with wildcards: `s3:Get*`. @defaultValue `['s3:*']` */
  readonly allow?: readonly string[] | undefined
  /** Actions denied by the caller's own policy, with wildcards; stronger than `allow`. @defaultValue none */
  readonly deny?: readonly string[] | undefined
}

/** Account that owns every bucket of the simulator. */
export const accountId = '123456789012'

/** Canonical id of that account, as ACLs name it. */
export const ownerId = '75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a'

/** The root user of that account. */
export const rootArn = `arn:aws:iam::${accountId}:root`

/** Who sent a request. */
export interface Identity {
  readonly anonymous: boolean
  readonly arn: string
  readonly allow: readonly string[]
  readonly deny: readonly string[]
}

/** Who sends a request without a signature. */
export const anonymousIdentity: Identity = { anonymous: true, arn: '*', allow: [], deny: [] }

/** Who sends a request that is signed with these credentials. */
export function identityOf(credentials: S3SimulatorCredentials): Identity {
  return {
    anonymous: false,
    arn: credentials.arn ?? rootArn,
    allow: credentials.allow ?? ['s3:*'],
    deny: credentials.deny ?? [],
  }
}

/** The account of an ARN, empty if it names none. */
export function accountOf(arn: string): string {
  return arn.split(':')[4] ?? ''
}

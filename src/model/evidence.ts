/** When to read an object's content for its SHA-256: if S3 holds no checksum of it (`missing`), always, or never. */
export type HashContent = 'missing' | 'all' | 'none'

/** The sealed evidence of a run. */
export interface SealedEvidence {
  readonly dir: string
  /** SHA-256 of the public key (SPKI, DER), as `sha256:` and hex: what a verifier compares. */
  readonly fingerprint: string
  /** Root of the tree over the record lines (RFC 6962), hex. */
  readonly rootHash: string
  /** Number of records. */
  readonly treeSize: number
  /** SHA-256 of the file `statement.dsse.json`, hex: to find it by. */
  readonly statementSha256: string
  /**
   * SHA-256 of the signed statement itself, hex: the payload of that file, to which the next bundle of the same
   * matter is chained. It stays the same even if the envelope changes. Always given by `evidenceBundle()`.
   */
  readonly payloadSha256?: string | undefined
}

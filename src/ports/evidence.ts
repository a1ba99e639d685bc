import type { HashContent, SealedEvidence } from '../model/evidence.js'
import type { Journal } from './journal.js'
import type { CallOptions, Clock } from './runtime.js'

// ---------------------------------------------------------------- evidence

/** Signs a statement. Ed25519, or ECDSA on P-256 or P-384 with SHA-256 or SHA-384 and a DER signature (as AWS KMS does). */
export interface Signer {
  /** The public key, SPKI in PEM. */
  publicKey(): Promise<string>
  sign(data: Uint8Array): Promise<Uint8Array>
}

/** What a run passes to its evidence sink when it seals. */
export interface SealCallOptions extends CallOptions {
  /** The run's clock. It dates the evidence, unless the sink has its own clock. */
  readonly clock?: Clock | undefined
}

/** Turns a run into evidence. `evidenceBundle()` of `./node` makes one. */
export interface EvidenceSink {
  readonly hashContent: HashContent
  /** Called before the first record. Returns the journal to write to, which grows the evidence as it is written. */
  open(journal: Journal | undefined, options?: CallOptions): Promise<Journal>
  /** Called once the report is recorded. */
  seal(journal: Journal, options?: SealCallOptions): Promise<SealedEvidence>
}

/** Where a bundle of evidence is written that is not to lie in a folder: a bucket, an archive. */
export interface EvidenceWriter {
  /** What `SealedEvidence.dir` says of it, such as `s3://evidence/matter-7/`. */
  readonly place: string
  /**
   * Writes a file where there is none. The statement comes last: what lies there without it is no bundle. Rejects where the name
   * is taken by something else, or nothing is known to be written.
   */
  write(name: string, content: AsyncIterable<Uint8Array>, options?: CallOptions): Promise<void>
  /** Reads a file back; `undefined` where there is none. */
  read(name: string, options?: CallOptions): Promise<AsyncIterable<Uint8Array> | undefined>
}

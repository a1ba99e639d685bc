import type { KeyObject } from 'node:crypto'
import type { Identity, S3SimulatorCredentials } from './identity.js'
import type { Scope } from './signature.js'

/** How the body of a request is covered by its signature. */
export type PayloadMode =
  | { readonly kind: 'hash'; readonly sha256: string }
  | { readonly kind: 'unsigned' }
  | {
      readonly kind: 'chunked'
      readonly trailer: boolean
      /** Set if each chunk is signed, chained to the signature of the request. */
      readonly signing?: ChunkSigning | undefined
    }

/** What the signatures of chunks are made with. */
export interface ChunkSigning {
  readonly key: KeyObject
  readonly timestamp: string
  readonly scope: string
  readonly seed: string
}

/** Who sent a request, and how its body is covered. */
export interface Authenticated {
  readonly identity: Identity
  readonly payload: PayloadMode
  /** Region that the signature is for; undefined for an anonymous request. */
  readonly region?: string | undefined
}

/** What a request claims about its signature. */
export interface SignatureClaim {
  readonly accessKeyId: string
  readonly scope: Scope
  readonly timestamp: string
  readonly signedHeaders: readonly string[]
  readonly signature: string
  readonly payloadHash: string
  readonly sessionToken: string | undefined
}

/** What the check of a signature needs to know. */
export interface AuthenticationSettings {
  readonly credentials: ReadonlyMap<string, S3SimulatorCredentials>
  readonly verifySignatures: boolean
  readonly maxClockSkewMs: number
  readonly nowMs: number
  /** Region a signature must name; the bucket's own, where it is another than the endpoint's. */
  readonly regions: readonly string[]
}

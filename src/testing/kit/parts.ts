import { OptionCheck } from '../../internal/option-check.js'
import { didYouMean } from '../../internal/text/closest.js'
import { type FaultOperation, genesysFaultOperations, s3FaultOperations } from '../fault-operations.js'
import type { Fault, FaultAction } from '../faults.js'
import type { SimulatedExportProfile, SimulatedIntegration } from '../genesys/organization.js'
import type { CreateBucketOptions } from '../s3/buckets/seed.js'

/** An object that is in a bucket before anything is exported. */
export interface LyingObject {
  readonly body: string
  /** User metadata without `x-amz-meta-`. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
}

/** A bucket. Every method returns another builder. */
export class BucketBuilder {
  readonly name: string
  readonly options: CreateBucketOptions
  readonly objects: ReadonlyMap<string, LyingObject>

  constructor(name: string, options: CreateBucketOptions, objects: ReadonlyMap<string, LyingObject> = new Map()) {
    this.name = name
    this.options = options
    this.objects = objects
  }

  /** Any setting of a bucket: `policy`, `lifecycle`, `defaultRetention` and others */
  having(options: CreateBucketOptions): BucketBuilder {
    return new BucketBuilder(this.name, { ...this.options, ...options }, this.objects)
  }

  /** Removes versions and Object Lock, which inspection reports as `versioning-off`. */
  withoutVersions(): BucketBuilder {
    return this.having({ versioning: undefined, objectLock: false })
  }

  /** Versions, but no Object Lock. */
  withoutObjectLock(): BucketBuilder {
    return this.having({ versioning: 'Enabled', objectLock: false })
  }

  /** Adds an object that already exists. */
  holding(key: string, object: LyingObject): BucketBuilder {
    return new BucketBuilder(this.name, this.options, new Map([...this.objects, [key, object]]))
  }
}

/** A bucket with versions and Object Lock, in the region of the organisation. */
export function aBucket(name = 'legal-hold-exports'): BucketBuilder {
  return new BucketBuilder(name, { versioning: 'Enabled', objectLock: true })
}

/** An export profile of the bulk-exports surface. Every method returns another builder. */
export class ProfileBuilder {
  readonly fields: Partial<SimulatedExportProfile>

  constructor(fields: Partial<SimulatedExportProfile> = {}) {
    this.fields = fields
  }

  /** Any field of a {@link SimulatedExportProfile}, in that surface's own names. */
  having(fields: Partial<SimulatedExportProfile>): ProfileBuilder {
    return new ProfileBuilder({ ...this.fields, ...fields })
  }

  /** Switches its flag off, which inspection reports as `hold-metadata-disabled`. */
  withoutHoldMetadata(): ProfileBuilder {
    return this.having({ include_legal_hold_metadata: false })
  }

  /** Its retention strips the hold's metadata. */
  shortTerm(): ProfileBuilder {
    return this.having({ retention_policy: 'short-term' })
  }
}

/** An export profile that keeps the hold's metadata, of the organisation's first integration. */
export function aProfile(fields: Partial<SimulatedExportProfile> = {}): ProfileBuilder {
  return new ProfileBuilder(fields)
}

/** An integration that delivers to a bucket. Every method returns another builder. */
export class IntegrationBuilder {
  readonly fields: Partial<SimulatedIntegration>

  constructor(fields: Partial<SimulatedIntegration> = {}) {
    this.fields = fields
  }

  /** Any field of a {@link SimulatedIntegration}. */
  having(fields: Partial<SimulatedIntegration>): IntegrationBuilder {
    return new IntegrationBuilder({ ...this.fields, ...fields })
  }

  /** @defaultValue the organisation's first bucket */
  deliveringTo(bucket: string): IntegrationBuilder {
    return this.having({ bucket })
  }

  /** Disables it, which inspection reports as `integration-disabled`. */
  disabled(): IntegrationBuilder {
    return this.having({ intendedState: 'DISABLED' })
  }
}

/** An enabled and active integration. An organisation without any gets one. */
export function anIntegration(fields: Partial<SimulatedIntegration> = {}): IntegrationBuilder {
  return new IntegrationBuilder(fields)
}

/**
 * A scripted fault of either simulator. Every method returns another builder. By default the fault drops the
 * connection.
 */
export class FaultBuilder {
  readonly fault: Fault

  constructor(fault: Fault) {
    this.fault = fault
  }

  /** Answers with this status and does not do the work. */
  answering(
    status: number,
    given: { readonly body?: string; readonly headers?: Record<string, string> } = {},
  ): FaultBuilder {
    return this.#doing({ kind: 'respond', status, ...given })
  }

  /** Does the work and still answers with this status, like a 503 after the work was done. */
  answeringAfter(status: number): FaultBuilder {
    return this.#doing({ kind: 'respond-after', status })
  }

  /** Does the work and drops the connection, so that the client does not know the outcome. */
  losingTheAnswer(): FaultBuilder {
    return this.#doing({ kind: 'reset-after' })
  }

  /** How many requests it hits. @defaultValue 1 */
  times(times: number): FaultBuilder {
    return new FaultBuilder({ ...this.fault, times })
  }

  /** How many requests pass before it begins. @defaultValue 0 */
  after(after: number): FaultBuilder {
    return new FaultBuilder({ ...this.fault, after })
  }

  #doing(action: FaultAction): FaultBuilder {
    return new FaultBuilder({ ...this.fault, action })
  }
}

/**
 * A fault that hits an operation of S3 or Genesys Cloud.
 *
 * @param operation the simulator's name of it, e.g. `HeadObject`, `CopyObject`, `createRecordingJob`
 * @throws LegalHoldError `INVALID_OPTIONS` for another name, which would never fire
 */
export function aFault(operation: FaultOperation): FaultBuilder {
  const known: readonly string[] = [...s3FaultOperations, ...genesysFaultOperations]
  const mistakes = new OptionCheck('aFault')
  if (!known.includes(operation)) {
    mistakes.add(
      'operation',
      `${JSON.stringify(operation)} is not the name of an operation of the simulators${didYouMean(String(operation), known)}`,
    )
  }
  mistakes.throwIfAny()
  return new FaultBuilder({ match: { operation }, action: { kind: 'reset' } })
}

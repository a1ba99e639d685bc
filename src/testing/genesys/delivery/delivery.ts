import type { S3Client } from '@aws-sdk/client-s3'

/** Where the simulated exports deliver to. */
export interface SimulatedDelivery {
  /** Any S3 server; left out, the real S3 of the region. */
  readonly endpoint?: string | undefined
  readonly region: string
  readonly credentials: {
    readonly accessKeyId: string
    readonly secretAccessKey: string
    readonly sessionToken?: string | undefined
  }
  /**
   * Receives the puts in place of S3, for tests without a server.
   *
   * @defaultValue an `S3Client` of `@aws-sdk/client-s3`
   */
  readonly put?: ((object: DeliveredObject) => Promise<void>) | undefined
}

/** One object on its way to the bucket. */
export interface DeliveredObject {
  readonly bucket: string
  readonly key: string
  readonly body: Uint8Array
  readonly contentType: string
  readonly metadata: Readonly<Record<string, string>>
}

/** Writes objects through the S3 API, as the platform does. */
export class ObjectWriter {
  readonly #delivery: SimulatedDelivery
  #client: Promise<S3Client> | undefined

  constructor(delivery: SimulatedDelivery) {
    this.#delivery = delivery
  }

  async put(object: DeliveredObject): Promise<void> {
    if (this.#delivery.put !== undefined) {
      await this.#delivery.put(object)
      return
    }
    const { PutObjectCommand } = await import('@aws-sdk/client-s3')
    const client = await this.#connect()
    await client.send(
      new PutObjectCommand({
        Bucket: object.bucket,
        Key: object.key,
        Body: object.body,
        ContentType: object.contentType,
        Metadata: { ...object.metadata },
      }),
    )
  }

  /** Whether the object is already there: what a restarted simulator asks before it delivers once more. */
  async has(bucket: string, key: string): Promise<boolean> {
    if (this.#delivery.put !== undefined) return false
    const { HeadObjectCommand } = await import('@aws-sdk/client-s3')
    const client = await this.#connect()
    try {
      await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }))
      return true
    } catch (error) {
      if (error instanceof Error && (error.name === 'NotFound' || error.name === 'NoSuchKey')) return false
      throw error
    }
  }

  async close(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    if (client !== undefined) (await client).destroy()
  }

  #connect(): Promise<S3Client> {
    // Lazily, so that a test that delivers nothing does not load the SDK.
    this.#client ??= import('@aws-sdk/client-s3').then(({ S3Client: Client }) => {
      const { endpoint, region, credentials } = this.#delivery
      return new Client({
        region,
        credentials: {
          accessKeyId: credentials.accessKeyId,
          secretAccessKey: credentials.secretAccessKey,
          ...(credentials.sessionToken === undefined ? {} : { sessionToken: credentials.sessionToken }),
        },
        ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
        // Servers other than AWS know no checksums (s3-facts, "Servers to test against").
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
        maxAttempts: 5,
      })
    })
    return this.#client
  }
}

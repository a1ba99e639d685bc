import type { S3Client } from '@aws-sdk/client-s3'

/** The S3 server that manifests are read from and reports are written to. */
export interface SimulatedStorage {
  readonly endpoint: string
  readonly region: string
  readonly credentials: {
    readonly accessKeyId: string
    readonly secretAccessKey: string
    readonly sessionToken?: string | undefined
  }
}

/** An object as the simulated service reads it. */
export interface ReadObject {
  readonly body: Buffer
  /** Without quotes. */
  readonly etag: string
  readonly encryption: string | undefined
}

/** Reads and writes whole objects through the S3 API, as the service does under its role. */
export class StorageAccess {
  readonly #storage: SimulatedStorage
  #client: Promise<S3Client> | undefined

  constructor(storage: SimulatedStorage) {
    this.#storage = storage
  }

  /** `undefined` for what is not there. */
  async read(bucket: string, key: string): Promise<ReadObject | undefined> {
    const { GetObjectCommand } = await import('@aws-sdk/client-s3')
    const client = await this.#connect()
    try {
      const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
      const body = Buffer.from((await answer.Body?.transformToByteArray()) ?? [])
      return { body, etag: (answer.ETag ?? '').replaceAll('"', ''), encryption: answer.ServerSideEncryption }
    } catch (error) {
      if (error instanceof Error && /^(NoSuchKey|NoSuchBucket|NotFound)$/.test(error.name)) return undefined
      throw error
    }
  }

  async write(bucket: string, key: string, body: string): Promise<void> {
    const { PutObjectCommand } = await import('@aws-sdk/client-s3')
    const client = await this.#connect()
    await client.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: body,
        ServerSideEncryption: 'AES256',
        ChecksumAlgorithm: 'CRC32',
      }),
    )
  }

  async close(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    if (client !== undefined) (await client).destroy()
  }

  #connect(): Promise<S3Client> {
    this.#client ??= import('@aws-sdk/client-s3').then(({ S3Client: Client }) => {
      const { endpoint, region, credentials } = this.#storage
      const { sessionToken, ...keys } = credentials
      return new Client({
        endpoint,
        region,
        credentials: { ...keys, ...(sessionToken === undefined ? {} : { sessionToken }) },
        forcePathStyle: true,
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
        maxAttempts: 5,
      })
    })
    return this.#client
  }
}

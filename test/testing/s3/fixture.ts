import { S3Client, type S3ClientConfig, S3ServiceException } from '@aws-sdk/client-s3'
import { afterEach, beforeEach } from 'vitest'
import { type Listener, S3Simulator, type S3SimulatorOptions } from '../../../src/testing/index.js'

/** A simulator on a port of its own, and a client for it. */
export interface Bench {
  readonly simulator: S3Simulator
  readonly listener: Listener
  readonly client: S3Client
  /** Another client, e.g. with other credentials or a middleware. */
  connect(config?: Partial<S3ClientConfig>): S3Client
}

/** Starts a fresh simulator before each test and stops it after. */
export function useBench(options: S3SimulatorOptions = {}): Bench {
  let parts: { simulator: S3Simulator; listener: Listener; clients: S3Client[] } | undefined
  const current = () => {
    if (parts === undefined) throw new Error('The bench is only there within a test.')
    return parts
  }
  const connect = (config: Partial<S3ClientConfig> = {}) => {
    const { listener, clients } = current()
    const client = new S3Client({
      endpoint: listener.endpoint,
      region: options.region ?? 'eu-west-1',
      forcePathStyle: true,
      credentials: S3Simulator.defaultCredentials,
      maxAttempts: 1,
      ...config,
    })
    clients.push(client)
    return client
  }
  beforeEach(async () => {
    const simulator = new S3Simulator(options)
    parts = { simulator, listener: await simulator.listen(), clients: [] }
    connect()
  })
  afterEach(async () => {
    const { simulator, listener, clients } = current()
    for (const client of clients) client.destroy()
    await listener.close()
    simulator.close()
    parts = undefined
  })
  return {
    get simulator() {
      return current().simulator
    },
    get listener() {
      return current().listener
    },
    get client() {
      return current().clients[0]!
    },
    connect,
  }
}

/** `Code status` of the error that a request is answered with; fails where it succeeds. */
export async function refusal(request: Promise<unknown>): Promise<string> {
  try {
    await request
  } catch (error) {
    if (error instanceof S3ServiceException) return `${error.name} ${error.$metadata.httpStatusCode}`
    throw error
  }
  throw new Error('The request succeeded.')
}

/** Message of the error that a request is answered with. */
export async function refusalMessage(request: Promise<unknown>): Promise<string> {
  try {
    await request
  } catch (error) {
    if (error instanceof S3ServiceException) return error.message
    throw error
  }
  throw new Error('The request succeeded.')
}

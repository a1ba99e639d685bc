// A process of its own that exports, with a journal on disk, and kills itself at one of its journal's records.

import { RecordingJobsPlatform } from '../../src/genesys.js'
import type { ExportRequest, HoldRequirements } from '../../src/index.js'
import {
  type AppendOptions,
  type CallOptions,
  type Journal,
  type JournalRecord,
  LegalHoldError,
  LegalHoldExporter,
} from '../../src/index.js'
import { FileJournal } from '../../src/node.js'
import { S3StorageAdapter, type S3StorageOptions } from '../../src/s3.js'

/** What the parent tells its child. */
export interface ChildOrders {
  readonly directory: string
  readonly genesysEndpoint: string
  readonly storage: S3StorageOptions
  readonly request: ExportRequest
  readonly requirements: HoldRequirements
  readonly tag: string
  /** Which record of this process is its last; 0: it may live. */
  readonly killAt: number
  /**
   * `before`: the record was not handed to the journal; `handed`: it was, and may or may not have got to the disk;
   * `durable`: it is on the disk.
   */
  readonly moment: 'before' | 'handed' | 'durable'
}

const orders = JSON.parse(process.argv[2] ?? '') as ChildOrders

class MortalJournal implements Journal {
  readonly #inner = new FileJournal(orders.directory)
  #records = 0

  async append(record: Omit<JournalRecord, 'sequence'>, options?: AppendOptions): Promise<JournalRecord> {
    this.#records += 1
    if (this.#records !== orders.killAt) return this.#inner.append(record, options)
    if (orders.moment === 'before') die()
    const written = this.#inner.append(record, options)
    if (orders.moment === 'handed') die()
    await written
    await this.#inner.flush()
    return die()
  }

  entries(options?: CallOptions): AsyncIterable<JournalRecord> {
    return this.#inner.entries(options)
  }

  head(): Promise<JournalRecord | undefined> {
    return this.#inner.head()
  }

  async open(): Promise<void> {
    await this.#inner.open()
  }

  async close(): Promise<void> {
    await this.#inner.close()
  }
}

function die(): never {
  process.kill(process.pid, 'SIGKILL')
  throw new Error('SIGKILL did not kill')
}

const platform = new RecordingJobsPlatform({
  region: 'eu-west-1',
  endpoint: orders.genesysEndpoint,
  clientId: 'simulator-client',
  clientSecret: 'simulator-secret',
})
const exporter = new LegalHoldExporter({
  platform,
  storage: new S3StorageAdapter(orders.storage),
  hold: { tag: orders.tag },
  requirements: orders.requirements,
  concurrency: 16,
  polling: { minIntervalMs: 5, maxIntervalMs: 50 },
  landingSettleMs: 20,
  landingQuietMs: 2_000,
})
try {
  const report = await exporter.run(orders.request, { journal: new MortalJournal() })
  process.stdout.write(JSON.stringify(report))
} catch (error) {
  process.stderr.write(LegalHoldError.isInstance(error) ? `${error.code}: ${error.message}` : String(error))
  process.exitCode = 1
}

import type { LegalHoldExporterOptions } from '../../options/exporter-options.js'
import type { ScalePlanOptions } from '../../scale/scaled-exporter.js'
import type { ScaledExporter } from '../../scale.js'
import type { Given } from '../arguments.js'
import { byKeysOfFile, connect } from '../config/connect.js'
import type { Resolved } from '../config/resolve.js'
import { loggerOf } from '../telling/log.js'
import type { Terminal } from '../terminal.js'
import { concurrencyOf, openEngine } from './engine.js'
import { openInventory } from './inventory.js'
import { openStore, type ScaleStore } from './store.js'

/** What `scale plan` and `scale run` work with. */
export interface ScaleWork {
  readonly scaled: ScaledExporter
  readonly store: ScaleStore
  readonly request: Awaited<ReturnType<typeof connect>>['request']
  /** How the matter cuts and follows shards. */
  readonly options: Omit<ScalePlanOptions, 'signal' | 'onEvent' | 'runId'>
  close(): void
}

/**
 * Opens platform, bucket, store and engine of a matter.
 *
 * @param more options of the exporter that the command says
 * @throws ArgumentError
 */
export async function openScaled(
  given: Given,
  resolved: Resolved,
  terminal: Terminal,
  more: Pick<LegalHoldExporterOptions, 'accept' | 'audit' | 'command'>,
): Promise<ScaleWork> {
  const store = await openStore(resolved)
  const logger = loggerOf(given, resolved, terminal)
  const { options, request, close } = await connect(resolved, 'request', logger)
  const [{ LegalHoldExporter }, { ScaledExporter, shardWorker }] = await Promise.all([
    import('../../exporter.js'),
    import('../../scale.js'),
  ])
  const accept = [...(options.accept ?? []), ...(more.accept ?? [])]
  const audit = more.audit || options.audit
  const exporter = byKeysOfFile(resolved, '', () => new LegalHoldExporter({ ...options, ...more, accept, audit }))
  const { storage, concurrency, retry } = options
  const worker = shardWorker({ store: store.store, storage, concurrency, retry, logger })
  const opened = await openEngine(resolved, store, worker)
  const inventory = await openInventory(resolved, terminal)
  const {
    engine: _,
    store: __,
    runId: ___,
    s3Batch: ____,
    map: _____,
    inventory: ______,
    ...cutting
  } = resolved.matter.scale ?? {}
  return {
    scaled: new ScaledExporter({ exporter, store: store.store, engine: opened.engine, prefix: store.prefix }),
    store,
    request,
    options: { ...cutting, concurrency: concurrencyOf(resolved), inventory },
    close: () => {
      inventory?.close()
      opened.close()
      close()
      store.store.close()
    },
  }
}

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { throwIfAborted } from '../../internal/abort.js'
import type { SealedEvidence } from '../../model/evidence.js'
import type { EvidenceWriter } from '../../ports/evidence.js'
import type { CallOptions } from '../../ports/runtime.js'
import { bundleFiles } from '../bundle/contents.js'
import { asNotSealed, notSealed } from './not-sealed.js'

/**
 * Seals in a temporary folder and hands each file to a writer, the statement last. Before that each is read back: what a writer
 * lost or changed is no evidence.
 *
 * @param seal seals in the folder that it is given
 */
export async function sealElsewhere(
  writer: EvidenceWriter,
  seal: (dir: string) => Promise<SealedEvidence>,
  options: CallOptions,
): Promise<SealedEvidence> {
  await refuseSealedIn(writer, options)
  const dir = await mkdtemp(join(tmpdir(), 'legal-hold-evidence-')).catch((error: unknown) => {
    throw asNotSealed(error)
  })
  try {
    const sealed = await seal(dir)
    const names = (await readdir(dir)).filter((name) => name !== bundleFiles.statement).sort()
    for (const name of [...names, bundleFiles.statement]) await handOver(dir, name, writer, options)
    return { ...sealed, dir: writer.place }
  } catch (error) {
    throw asNotSealed(error)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** @throws LegalHoldError `EVIDENCE_NOT_SEALED` where a bundle lies there already */
export async function refuseSealedIn(writer: EvidenceWriter, options: CallOptions): Promise<void> {
  if ((await writer.read(bundleFiles.statement, options)) === undefined) return
  throw notSealed(`${writer.place} holds a sealed bundle already, which stays as it is. Name another place.`)
}

async function handOver(dir: string, name: string, writer: EvidenceWriter, options: CallOptions): Promise<void> {
  throwIfAborted(options.signal, 'report')
  const written = createHash('sha256')
  await writer.write(name, hashed(createReadStream(join(dir, name), { highWaterMark: 1 << 20 }), written), options)
  const back = await writer.read(name, options)
  const read = createHash('sha256')
  if (back !== undefined) for await (const bytes of back) read.update(bytes)
  if (back !== undefined && read.digest('hex') === written.digest('hex')) return
  throw notSealed(`${name} in ${writer.place} is not what was written: nothing there is evidence. Look at the writer.`)
}

async function* hashed(content: AsyncIterable<Uint8Array>, hash: ReturnType<typeof createHash>) {
  for await (const bytes of content) {
    hash.update(bytes)
    yield bytes
  }
}

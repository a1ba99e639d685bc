import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ExportRequest, LegalHoldError, type RunReport } from 'genesys-legal-hold-exporter'
import { FileJournal, type JournalOpening } from 'genesys-legal-hold-exporter/node'
import { simulatorCredentials } from 'genesys-legal-hold-exporter/testing'
import { FlagError, type Flags, type NumberFlag } from './flags.ts'

/** The run that a journal is the record of. */
export interface FormerRun {
  readonly runId: string
  readonly request: ExportRequest
  readonly platform: Flags['platform']
  readonly bucket: string
  /** The S3 server, where the journal says which. */
  readonly endpoint: string | undefined
  /** Set once the run is over. */
  readonly report: RunReport | undefined
}

/** A journal that this process holds the lock of. */
export interface OpenedJournal {
  readonly journal: FileJournal
  readonly opening: JournalOpening
  readonly former: FormerRun | undefined
  /** Where the embedded servers keep what a run exports to and from. */
  readonly serversDir: string
}

// So long a process takes to end whose npm was killed.
const lockPatienceMs = 5_000

/** Opens the journal before anything else is done: two processes must share neither it nor its servers. */
export async function openJournal(flags: Flags): Promise<OpenedJournal | undefined> {
  if (flags.journal === undefined) return undefined
  const journal = new FileJournal(flags.journal)
  const opening = await opened(journal)
  try {
    const former = await formerRun(journal)
    const serversDir = join(flags.journal, 'servers')
    if (former !== undefined) await requireSameNumbers(serversDir, flags)
    if (former !== undefined && former.report === undefined) requireSameServers(former, serversDir, flags)
    return { journal, opening, former, serversDir }
  } catch (error) {
    await journal.close()
    throw error
  }
}

async function opened(journal: FileJournal): Promise<JournalOpening> {
  for (const deadline = Date.now() + lockPatienceMs; ; ) {
    try {
      return await journal.open()
    } catch (error) {
      const isLocked = LegalHoldError.isInstance(error) && error.code === 'JOURNAL_LOCKED'
      if (!isLocked || Date.now() >= deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

async function formerRun(journal: FileJournal): Promise<FormerRun | undefined> {
  let former: FormerRun | undefined
  for await (const { type, runId, data } of journal.entries()) {
    if (former === undefined && type === 'run-started') {
      const { request, platform, storage } = data as {
        request: ExportRequest
        platform: { name: Flags['platform'] }
        storage: { bucket: string; endpoint?: string }
      }
      const { bucket, endpoint } = storage
      former = { runId, request, platform: platform.name, bucket, endpoint, report: undefined }
    } else if (former?.runId === runId && type === 'report') {
      former = { ...former, report: data as unknown as RunReport }
    }
  }
  return former
}

/** A run goes on where it began: other servers know neither its job nor its objects. */
function requireSameServers({ bucket }: FormerRun, serversDir: string, flags: Flags): void {
  const wereEmbedded = existsSync(serversDir)
  if (!wereEmbedded && flags.genesysEndpoint === undefined) {
    throw new FlagError(
      `The run in ${flags.journal} exported from a platform elsewhere: give --genesys-endpoint again.`,
    )
  }
  if (wereEmbedded && flags.genesysEndpoint !== undefined) {
    throw new FlagError(`The run in ${flags.journal} exports from servers of its own: leave --genesys-endpoint out.`)
  }
  if (bucket !== simulatorCredentials.s3.bucket && flags.s3Endpoint === undefined) {
    throw new FlagError(
      `The run in ${flags.journal} exports to the bucket ${bucket}: give --s3-endpoint and --bucket again.`,
    )
  }
}

const nameInScenario = { count: 'count', 'fail-at-source': 'failAtSource', 'index-lag': 'indexLagHours' } as const

/** The organisation stays as the run found it: a number that says otherwise would be passed over without a word. */
async function requireSameNumbers(serversDir: string, flags: Flags): Promise<void> {
  const path = join(serversDir, 'genesys', 'scenario.json')
  if (!existsSync(path)) return
  const { request } = JSON.parse(await readFile(path, 'utf8')) as { request: Record<string, unknown> }
  for (const [name, given] of Object.entries(flags.numbers)) {
    const former = request[nameInScenario[name as NumberFlag]]
    if (former === given) continue
    throw new FlagError(
      `The run in ${flags.journal} has --${name} ${former}, not ${given}: leave it out, or give another folder.`,
    )
  }
}

/** What there is to say of the journal before the run. */
export function journalFacts({ journal, opening, former }: OpenedJournal): string {
  const { takenOverFrom, tornBytes } = opening
  return [
    journal.directory,
    former === undefined ? 'a new one' : `of run ${former.runId}`,
    ...(takenOverFrom === undefined ? [] : [`taken over from process ${takenOverFrom.pid}, which is dead`]),
    ...(tornBytes === 0 ? [] : [`${tornBytes} bytes of a torn last line cut off`]),
  ].join('; ')
}

/**
 * Calls back when npm is gone. A signal that kills npm does not get as far as here, and a run that goes on unseen would
 * keep its journal from the next one.
 */
export function whenNpmIsGone(callback: () => void): () => void {
  if (process.env.npm_lifecycle_event === undefined) return () => {}
  let before: string | undefined
  const look = async () => {
    const now = await ancestors(process.ppid)
    before ??= now
    if (now !== before) callback()
  }
  const watch = setInterval(() => void look(), 100)
  watch.unref()
  return () => clearInterval(watch)
}

/** The parent and its parent: npm runs a shell that runs us. Only Linux tells. */
async function ancestors(parent: number): Promise<string> {
  const stat = await readFile(`/proc/${parent}/stat`, 'utf8').catch(() => '')
  // The name of the program is in parentheses and may hold anything.
  return `${parent} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? ''}`
}

import { randomUUID } from 'node:crypto'
import { mkdir, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fetchByEnvironment } from '../../internal/proxy/fetch.js'
import { proxyFor } from '../../internal/proxy/proxy.js'
import { LegalHoldError } from '../../model/errors.js'
import { findRegion } from '../../platforms/client/regions.js'
import type { Given } from '../arguments.js'
import type { Resolved } from '../config/resolve.js'
import { sealingOf } from '../files/evidence.js'
import type { Terminal } from '../terminal.js'
import type { DoctorCheck } from './check.js'

const oldestNode = [20, 19] as const
/** About the size of a journal of a million recordings. */
const leastFreeBytes = 2 * 1024 ** 3
/** AWS refuses a signature that is off by more than 15 minutes. */
const mostSkewMs = 5 * 60_000
const hostTimeoutMs = 10_000

export function nodeCheck(version: string): DoctorCheck {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isOld = major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1])
  return {
    area: 'machine',
    subject: `Node ${version}`,
    result: isOld ? 'problem' : 'ok',
    ...(isOld ? { remedy: `Install Node ${oldestNode.join('.')} or newer.` } : {}),
  }
}

/** Whether the journal can be written, and how much room there is. */
export async function diskChecks(journal: string): Promise<readonly DoctorCheck[]> {
  const folder = await existing(journal)
  const probe = join(folder, `.doctor-${randomUUID()}`)
  try {
    await mkdir(folder, { recursive: true })
    await writeFile(probe, 'doctor', { flag: 'wx' })
    await rm(probe)
  } catch (error) {
    const message = `cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`
    const remedy =
      'Give the user that runs this the right to write there, or name another folder: journal in matter.yaml.'
    return [{ area: 'disk', subject: folder, result: 'problem', message, remedy }]
  }
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  const room = `${(free / 1024 ** 3).toFixed(1)} GiB free`
  const isTight = free < leastFreeBytes
  return [
    { area: 'disk', subject: folder, result: 'ok', message: 'can be written' },
    {
      area: 'disk',
      subject: folder,
      result: isTight ? 'warning' : 'ok',
      message: room,
      ...(isTight ? { remedy: 'Make room: a journal of a million recordings takes about 2 GiB.' } : {}),
    },
  ]
}

/** The folder itself, or the nearest above it that is there: nothing is made that was not there. */
async function existing(path: string): Promise<string> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  )
  const above = dirname(path)
  return isThere || above === path ? path : existing(above)
}

/** Whether the key that seals the evidence can be used. */
export async function keyCheck(given: Given, resolved: Resolved): Promise<DoctorCheck> {
  const subject = 'signing key'
  try {
    const sealing = await sealingOf(given, resolved)
    if (sealing !== undefined) return { area: 'evidence', subject, result: 'ok' }
    return {
      area: 'evidence',
      subject,
      result: 'warning',
      message: 'none is named, so that no evidence is sealed',
      remedy: 'Name one: evidence.signingKey or evidence.kmsKeyId in matter.yaml.',
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { area: 'evidence', subject, result: 'problem', message, remedy: 'Correct evidence in matter.yaml.' }
  }
}

/** Dates that servers gave, and when they did, by our clock. */
export type ServerDate = { readonly host: string; readonly theirs: number; readonly ours: number }

/** Whether each host answers at all. Whatever it answers will do: who may do what is tried later. */
export async function hostChecks(
  { matter }: Resolved,
  { env, signal }: Terminal,
): Promise<{ readonly checks: readonly DoctorCheck[]; readonly dates: readonly ServerDate[] }> {
  const urls = urlsOf(matter)
  const answers = await Promise.all(urls.map((url) => reach(new URL(url), env, signal)))
  return {
    checks: answers.map(({ check }) => check),
    dates: answers.flatMap(({ date }) => (date === undefined ? [] : [date])),
  }
}

function urlsOf({ genesys, s3 }: Resolved['matter']): readonly string[] {
  const all: string[] = []
  if (genesys?.endpoint !== undefined) all.push(genesys.endpoint)
  else if (genesys?.region !== undefined) {
    const region = findRegion(genesys.region)
    if (region !== undefined) all.push(`https://login.${region.host}/`, `https://api.${region.host}/`)
  }
  if (s3?.endpoint !== undefined) all.push(s3.endpoint)
  else if (s3?.region !== undefined && s3.bucket !== undefined) all.push(`https://s3.${s3.region}.amazonaws.com/`)
  return all.filter((url) => URL.canParse(url))
}

async function reach(
  url: URL,
  env: Terminal['env'],
  signal: AbortSignal,
): Promise<{ readonly check: DoctorCheck; readonly date?: ServerDate | undefined }> {
  const { host } = url
  const ending = new AbortController()
  const onAbort = () => ending.abort(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  const timer = setTimeout(() => ending.abort(), hostTimeoutMs)
  let way = ''
  try {
    const proxy = proxyFor(url, env)
    // Never its user and password.
    if (proxy !== undefined) way = ` through the proxy ${proxy.host}`
    const response = await fetchByEnvironment(url, { method: 'HEAD', redirect: 'manual', signal: ending.signal }, env)
    await response.body?.cancel()
    const theirs = Date.parse(response.headers.get('date') ?? '')
    const date = Number.isNaN(theirs) ? undefined : { host, theirs, ours: Date.now() }
    return { check: { area: 'host', subject: host, result: 'ok', message: `answers${way}` }, date }
  } catch (error) {
    const why = ending.signal.aborted ? `no answer within ${hostTimeoutMs / 1_000} s` : reasonOf(error)
    const remedy = 'Check name, network, firewall and proxy (HTTPS_PROXY, NO_PROXY).'
    return { check: { area: 'host', subject: host, result: 'problem', message: `${why}${way}`, remedy } }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
}

/** A proxy that cannot be used says so itself; what fetch says lies in its cause. */
function reasonOf(error: unknown): string {
  if (LegalHoldError.isInstance(error)) return error.message
  // The refusal of a proxy is the innermost cause; those around it have the code 0.
  let reason: unknown
  for (let at: unknown = (error as Error).cause; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException
    reason = typeof code === 'string' && !code.startsWith('UND_ERR_ABORTED') ? code : at.message
  }
  return typeof reason === 'string' && reason !== '' ? reason : 'no connection'
}

export function clockCheck(dates: readonly ServerDate[]): DoctorCheck {
  const [first, ...rest] = dates.map(({ theirs, ours }) => theirs - ours)
  const subject = 'this machine'
  if (first === undefined) return { area: 'clock', subject, result: 'skipped', message: 'no server gave its time' }
  const skew = rest.reduce((most, one) => (Math.abs(one) > Math.abs(most) ? one : most), first)
  const isOff = Math.abs(skew) > mostSkewMs
  const text = `${Math.round(Math.abs(skew) / 1_000)} s ${skew > 0 ? 'behind' : 'ahead of'} the servers`
  return {
    area: 'clock',
    subject,
    result: isOff ? 'problem' : 'ok',
    message: text,
    ...(isOff ? { remedy: 'Set the clock (NTP): AWS refuses signatures of another time.' } : {}),
  }
}

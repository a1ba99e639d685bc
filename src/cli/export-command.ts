import { writeFile } from 'node:fs/promises'
import { KeyFileSigner } from '../custody/crypto/keys.js'
import { FileJournal } from '../custody/journal/file-journal.js'
import { answerOf } from '../custody/page/answer.js'
import { evidenceBundle } from '../custody/seal/evidence-bundle.js'
import { LegalHoldExporter } from '../exporter.js'
import { LegalHoldError } from '../model/errors.js'
import type { RunEvent } from '../model/events.js'
import { type Finding, type FindingCode, findingCodes } from '../model/findings.js'
import type { EvidenceSink } from '../ports/evidence.js'
import { ArgumentError, fileOf, type Given, needed, readArguments } from './arguments.js'
import { connect, connectionFlags } from './connection.js'
import { exitCodeOfRun, exitCodes } from './exit-codes.js'
import { shown, type Terminal } from './terminal.js'

/** `inspect`. */
export async function inspectCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  const given = readArguments(args, { ...connectionFlags, json: 'flag' })
  needed(given.positionals, [])
  const { options, request, close } = await connect(given, terminal)
  try {
    const { findings } = await new LegalHoldExporter(options).inspect(request, terminal)
    if (given.flag('json')) terminal.out(JSON.stringify(findings, null, 2))
    else for (const finding of findings) terminal.out(describe(finding))
    const blockers = findings.filter(({ severity }) => severity === 'blocker').length
    if (!given.flag('json'))
      terminal.out(blockers === 0 ? 'Nothing blocks an export.' : `${blockers} of these block an export.`)
    return blockers === 0 ? exitCodes.success : exitCodes.badResult
  } finally {
    close()
  }
}

/** `export`. */
export async function exportCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  const given = readArguments(args, {
    ...connectionFlags,
    accept: 'list',
    audit: 'flag',
    'dry-run': 'flag',
    json: 'flag',
    report: 'text',
    journal: 'text',
    evidence: 'text',
    'signing-key': 'text',
    'tsa-url': 'text',
    previous: 'text',
  })
  needed(given.positionals, [])
  const accept = given.list('accept').map(findingCode)
  const evidence = await evidenceOf(given, terminal)
  const journal = given.text('journal')
  const isJson = given.flag('json')
  const { options, request, close } = await connect(given, terminal)
  try {
    const report = await new LegalHoldExporter({ ...options, accept, audit: given.flag('audit') }).run(request, {
      dryRun: given.flag('dry-run'),
      evidence,
      signal: terminal.signal,
      onEvent: (event) => tell(event, { ...terminal, out: isJson ? terminal.err : terminal.out }),
      ...(journal === undefined ? {} : { journal: new FileJournal(journal) }),
    })
    const file = given.text('report') ?? 'legal-hold-report.json'
    await writeFile(file, `${JSON.stringify(report, null, 2)}\n`)
    if (isJson) terminal.out(JSON.stringify(report, null, 2))
    else terminal.out(`report: ${file}\n${shown(answerOf(report))}`)
    return exitCodeOfRun(report)
  } catch (error) {
    if (!LegalHoldError.isInstance(error) || error.code !== 'PREFLIGHT_BLOCKED') throw error
    terminal.err(shown(error.message.split('\n')[0]))
    return exitCodes.badResult
  } finally {
    close()
  }
}

async function evidenceOf(given: Given, { env }: Terminal): Promise<EvidenceSink | undefined> {
  const dir = given.text('evidence')
  const pem = await fileOf('signing-key', given.text('signing-key'))
  if (dir === undefined) {
    for (const flag of ['signing-key', 'tsa-url', 'previous']) {
      if (given.text(flag) !== undefined) throw new ArgumentError(`--${flag} is for --evidence DIR, which is missing.`)
    }
    return undefined
  }
  if (pem === undefined) throw new ArgumentError('--evidence needs --signing-key FILE.')
  const authority = given.text('tsa-url')
  return evidenceBundle({
    dir,
    signer: new KeyFileSigner({ pem, passphrase: env.SIGNING_KEY_PASSPHRASE }),
    previous: given.text('previous'),
    ...(authority === undefined ? {} : { timestamp: { authority } }),
  })
}

function tell(event: RunEvent, terminal: Terminal): void {
  if (event.type === 'finding') terminal.out(describe(event.finding, event.accepted))
  if (event.type === 'job-progress') terminal.out(`job ${shown(event.job.id)}: ${shown(event.job.platformState)}`)
  if (event.type === 'sealed') {
    terminal.out(`evidence: ${event.evidence.dir}\nsigned with: ${event.evidence.fingerprint}`)
  }
}

function describe({ severity, code, message, remedy }: Finding, accepted = false): string {
  const label = accepted ? 'accepted' : severity
  const advice = severity === 'blocker' ? `\n${' '.repeat(10)}${shown(remedy)}` : ''
  return `${label.padEnd(9)} ${code}: ${shown(message)}${advice}`
}

function findingCode(code: string): FindingCode {
  const found = findingCodes.find((known) => known === code)
  if (found === undefined)
    throw new ArgumentError(`--accept ${JSON.stringify(code)} is none of ${findingCodes.join(', ')}.`)
  return found
}

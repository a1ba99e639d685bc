import { FileJournal } from '../../custody/journal/file-journal.js'
import { answerOf } from '../../custody/page/answer.js'
import { LegalHoldExporter } from '../../exporter.js'
import { readCheckpoint } from '../../journal/checkpoint.js'
import { LegalHoldError } from '../../model/errors.js'
import { type Given, needed } from '../arguments.js'
import type { CommandSpec } from '../command.js'
import { byKeysOfFile, connect, inFile, refuseUnset } from '../config/connect.js'
import { type Resolved, resolveMatter } from '../config/resolve.js'
import { settingFlags } from '../config/settings.js'
import { exitCodeOfRun } from '../exit-codes.js'
import { isSealed, type Sealing, sealFlags, sealingOf } from '../files/evidence.js'
import { placesOf } from '../files/places.js'
import { writeReport } from '../files/report-file.js'
import { acceptedBy, acceptFlags } from '../telling/acceptance.js'
import { auditFlag } from '../telling/audit-flag.js'
import { tellBlocked } from '../telling/findings.js'
import { loggerOf, tellNotes, withLog } from '../telling/log.js'
import { notifiersOf, notifyFlags } from '../telling/notifying.js'
import { runTelling } from '../telling/run-telling.js'
import { labelled, shown, type Terminal } from '../terminal.js'

export const exportMatter: CommandSpec = {
  name: 'export',
  takes: '',
  group: 'Export',
  summary: 'the whole job: inspect, export, validate, repair, account',
  about: `Does the whole job: inspects, exports, validates objects as they land, repairs those without the hold, and accounts for every recording.

With --config it keeps its journal in legal-hold/MATTER/journal beside the file, and the same command resumes from there; it writes the report beside it, never over another one, and seals the evidence where the file names a key. A signal closes the journal before the command ends.

Secrets come from the environment, or from a file that names their variables: GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET, SIGNING_KEY_PASSPHRASE, NOTIFY_SECRET, and for S3 whatever the AWS SDK finds. Everything else is a flag, the variable in brackets behind it, or a key of --config.`,
  flags: [
    ...acceptFlags,
    auditFlag,
    { name: 'dry-run', kind: 'flag', about: 'export and validate, but only plan the repairs' },
    {
      name: 'report',
      value: 'FILE',
      kind: 'text',
      about: 'write the report there, as JSON (default: legal-hold-report.json, or as above)',
    },
    {
      name: 'journal',
      value: 'DIR',
      kind: 'text',
      about: 'keep the journal there; an interrupted run resumes from it',
    },
    ...sealFlags,
    ...notifyFlags,
    ...settingFlags,
  ],
  examples: [
    'export --config matter.yaml --dry-run',
    'export --config matter.yaml --accept retention-deletes-before-hold --reason "Exported before the policy runs (J. Doe)"',
    'export --config matter.yaml --json',
  ],
  run: exportCommand,
}

async function exportCommand(given: Given, terminal: Terminal): Promise<number> {
  needed(given.positionals, [])
  const accepted = acceptedBy(given)
  const resolved = await resolveMatter(given, terminal)
  refuseUnset(resolved, ['journal', 'report', 'log', 'accept'])
  tellNotes(resolved, given, terminal)
  const dryRun = given.flag('dry-run')
  const files = filesOf(given, resolved, dryRun)
  const sealing = await sealingUnlessDone(given, resolved, { dryRun, journal: files.journal, terminal })
  const isJson = given.flag('json')
  const log = loggerOf(given, resolved, terminal)
  const { options, request, close } = await connect(resolved, 'request', log)
  try {
    const onFinish = await notifiersOf(resolved, terminal)
    const accept = [...(options.accept ?? []), ...accepted]
    const audit = given.flag('audit') || options.audit
    const commandLine = `genesys-legal-hold-exporter export${dryRun ? ' --dry-run' : ''}`
    const exporter = byKeysOfFile(
      resolved,
      '',
      () => new LegalHoldExporter({ ...options, accept, audit, command: commandLine }),
    )
    const telling = runTelling(given, terminal)
    const run = exporter.run(request, {
      dryRun,
      evidence: sealing?.sink,
      onFinish,
      signal: terminal.signal,
      onEvent: withLog(log, telling.onEvent),
      ...(files.journal === undefined ? {} : { journal: new FileJournal(files.journal) }),
    })
    const report = await run.finally(telling.close)
    const file = await writeReport(files.report, report)
    if (isJson) terminal.out(JSON.stringify(report, null, 2))
    else {
      terminal.out(labelled('report', file, terminal))
      telling.say(shown(answerOf(report)))
    }
    return exitCodeOfRun(report)
  } catch (error) {
    if (!LegalHoldError.isInstance(error) || error.code !== 'PREFLIGHT_BLOCKED') throw inFile(resolved, '', error)
    return tellBlocked(error, given, terminal)
  } finally {
    close()
  }
}

/** A dry run is another run than the real one: it has a journal and a report of its own. */
function filesOf(
  given: Given,
  resolved: Resolved,
  dryRun: boolean,
): { readonly journal?: string; readonly report: string } {
  const report = given.text('report')
  const journal = given.text('journal')
  if (resolved.file === undefined) {
    return { report: report ?? 'legal-hold-report.json', ...(journal === undefined ? {} : { journal }) }
  }
  const places = placesOf(resolved)
  const ofDryRun = dryRun ? '-dry-run' : ''
  return {
    journal: journal ?? `${places.journal}${ofDryRun}`,
    report: report ?? (dryRun ? `${places.report.replace(/\.json$/, '')}-dry-run.json` : places.report),
  }
}

/** What is sealed already is not sealed again: the finished journal only gives its report once more. */
async function sealingUnlessDone(
  given: Given,
  resolved: Resolved,
  run: { readonly dryRun: boolean; readonly journal: string | undefined; readonly terminal: Terminal },
): Promise<Sealing | undefined> {
  const { dryRun, journal, terminal } = run
  const isAsked = given.text('evidence') !== undefined
  if (dryRun && !isAsked && resolved.file !== undefined) return undefined
  const sealing = await sealingOf(given, resolved)
  const tell = (line: string) => (given.flag('quiet') ? undefined : terminal.err(`note: ${line}`))
  if (sealing === undefined) {
    if (resolved.file !== undefined)
      tell('no evidence is sealed: evidence.signingKey or evidence.kmsKeyId names no key.')
    return undefined
  }
  if (isAsked || journal === undefined || !(await isSealed(sealing.dir))) return sealing
  const checkpoint = await readCheckpoint(new FileJournal(journal), { signal: terminal.signal })
  if (checkpoint?.report === undefined) return sealing
  tell(`this run is finished, and sealed in ${sealing.dir}; its report is given again.`)
  return undefined
}

import { answerOf } from '../../custody/page/answer.js'
import { counted } from '../../internal/text/counted.js'
import { LegalHoldError } from '../../model/errors.js'
import type { ScalePlan } from '../../scale/scaled-exporter.js'
import { ArgumentError, type Given, needed } from '../arguments.js'
import type { CommandSpec } from '../command.js'
import { inFile, refuseUnset } from '../config/connect.js'
import { type Resolved, resolveMatter } from '../config/resolve.js'
import { scaleFlags, settingFlags } from '../config/settings.js'
import { exitCodeOfRun } from '../exit-codes.js'
import { isSealed, type Sealing, sealFlags, sealingOf } from '../files/evidence.js'
import { placesOf } from '../files/places.js'
import { writeReport } from '../files/report-file.js'
import { acceptedBy, acceptFlags } from '../telling/acceptance.js'
import { auditFlag } from '../telling/audit-flag.js'
import { tellBlocked } from '../telling/findings.js'
import { loggerOf, tellNotes, withLog } from '../telling/log.js'
import { notifiersOf, notifyFlags } from '../telling/notifying.js'
import { shown, type Terminal } from '../terminal.js'
import { openScaled, type ScaleWork } from './scaled.js'
import { runIdFlag, runIdOf } from './store.js'
import { scaleTelling, tellPlan } from './telling.js'

export const scaleRun: CommandSpec = {
  name: 'scale run',
  takes: '',
  group: 'Export over shards',
  summary: 'the whole job over shards: plan, submit, follow, add up, report, seal',
  about: `Does the whole job over shards. It plans where there is no plan yet, says what the plan will cost and asks before the engine is given anything; --yes answers for you. Then it follows the engine's job, gives shards that are not done to another round, adds up what was sealed, and writes report and evidence as \`export\` does.

Everything that is needed to resume lies in the evidence bucket: the same command resumes, on any machine. A run that is finished gives its report again.`,
  flags: [
    { name: 'yes', kind: 'flag', about: 'submit the plan without a question' },
    ...acceptFlags,
    auditFlag,
    { name: 'dry-run', kind: 'flag', about: 'export and validate, but only plan the repairs; a run of its own' },
    runIdFlag,
    {
      name: 'report',
      value: 'FILE',
      kind: 'text',
      about: 'write the report there, as JSON (default: legal-hold-report.json, or beside --config)',
    },
    ...sealFlags,
    ...notifyFlags,
    ...scaleFlags,
    ...settingFlags,
  ],
  examples: [
    'scale run --config matter.yaml --yes',
    'scale run --config matter.yaml --yes --json',
    'scale run --config matter.yaml --yes --dry-run',
  ],
  run: runCommand,
}

async function runCommand(given: Given, terminal: Terminal): Promise<number> {
  needed(given.positionals, [])
  const accept = acceptedBy(given)
  const confirm = confirmation(given, terminal)
  const resolved = await resolveMatter(given, terminal)
  refuseUnset(resolved, ['report', 'log', 'accept'])
  tellNotes(resolved, given, terminal)
  const dryRun = given.flag('dry-run')
  const runId = runIdOf(given.text('run-id'), resolved, dryRun)
  const isJson = given.flag('json')
  const tellTo = isJson ? { ...terminal, out: terminal.err } : terminal
  const command = `genesys-legal-hold-exporter scale run${dryRun ? ' --dry-run' : ''}`
  const work = await openScaled(given, resolved, terminal, { accept, audit: given.flag('audit'), command })
  try {
    const sealing = await sealingUnlessDone(given, resolved, { work, runId, dryRun, terminal })
    const telling = scaleTelling(given, terminal)
    const run = work.scaled.run(work.request, {
      ...work.options,
      runId,
      dryRun,
      confirm: (plan) => confirm(plan, tellTo),
      evidence: sealing?.sink,
      onFinish: await notifiersOf(resolved, terminal),
      signal: terminal.signal,
      onEvent: withLog(loggerOf(given, resolved, terminal), telling.onEvent),
    })
    const report = await run.finally(telling.close)
    const file = await writeReport(reportPlace(given, resolved, dryRun), report)
    if (isJson) terminal.out(JSON.stringify(report, null, 2))
    else terminal.out(`run: ${runId}\nreport: ${file}\n${shown(answerOf(report))}`)
    return exitCodeOfRun(report)
  } catch (error) {
    if (!LegalHoldError.isInstance(error) || error.code !== 'PREFLIGHT_BLOCKED') throw inFile(resolved, '', error)
    return tellBlocked(error, given, terminal)
  } finally {
    work.close()
  }
}

type Confirm = (plan: ScalePlan, tellTo: Terminal) => Promise<boolean>

/** Asked before anything is exported: hours later nobody may sit there. */
function confirmation(given: Given, { ask }: Terminal): Confirm {
  const isYes = given.flag('yes')
  if (!isYes && ask === undefined) {
    throw new ArgumentError('scale run needs --yes where nobody can be asked; scale plan says what it will cost.')
  }
  return async (plan, tellTo) => {
    tellPlan(plan, tellTo)
    if (isYes || ask === undefined) return true
    const answer = await ask(
      `Submit ${plan.shards === 1 ? 'this shard' : `these ${counted(plan.shards, 'shard')}`}? [y/N]`,
    )
    return /^y(es)?$/i.test(answer)
  }
}

function reportPlace(given: Given, resolved: Resolved, dryRun: boolean): string {
  const typed = given.text('report')
  if (typed !== undefined) return typed
  const place = resolved.file === undefined ? 'legal-hold-report.json' : placesOf(resolved).report
  return dryRun ? `${place.replace(/\.json$/, '')}-dry-run.json` : place
}

/** A run that is finished and sealed only gives its report once more. */
async function sealingUnlessDone(
  given: Given,
  resolved: Resolved,
  run: {
    readonly work: ScaleWork
    readonly runId: string
    readonly dryRun: boolean
    readonly terminal: Terminal
  },
): Promise<Sealing | undefined> {
  const { work, runId, dryRun, terminal } = run
  const isAsked = given.text('evidence') !== undefined
  if (dryRun && !isAsked) return undefined
  const sealing = await sealingOf(given, resolved)
  const tell = (line: string) => (given.flag('quiet') ? undefined : terminal.err(`note: ${line}`))
  if (sealing === undefined) {
    tell('no evidence is sealed: evidence.signingKey or evidence.kmsKeyId names no key.')
    return undefined
  }
  if (isAsked || !(await isSealed(sealing.dir))) return sealing
  const { state } = await work.scaled.status(runId, { signal: terminal.signal })
  if (state !== 'finished') return sealing
  tell(`this run is finished, and sealed in ${sealing.dir}; its report is given again.`)
  return undefined
}

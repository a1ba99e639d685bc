import { LegalHoldError } from '../../model/errors.js'
import { type Given, needed } from '../arguments.js'
import type { CommandSpec } from '../command.js'
import { inFile } from '../config/connect.js'
import { resolveMatter } from '../config/resolve.js'
import { scaleFlags, settingFlags } from '../config/settings.js'
import { exitCodes } from '../exit-codes.js'
import { acceptedBy, acceptFlags } from '../telling/acceptance.js'
import { auditFlag } from '../telling/audit-flag.js'
import { tellBlocked } from '../telling/findings.js'
import { tellNotes } from '../telling/log.js'
import type { Terminal } from '../terminal.js'
import { openScaled } from './scaled.js'
import { runIdFlag, runIdOf } from './store.js'
import { scaleTelling, tellPlan } from './telling.js'

export const scalePlan: CommandSpec = {
  name: 'scale plan',
  takes: '',
  group: 'Export over shards',
  summary: 'export, cut what is expected into shards, and say what doing them will cost',
  about: `Inspects and exports as \`export\` does, cuts what is expected into shards, writes them to the evidence bucket and prints an estimate. Nothing is submitted to the engine, and no object is changed. \`scale run\` does the plan.

The engine and its store are said in the section scale of --config, or by flags.`,
  flags: [...acceptFlags, auditFlag, runIdFlag, ...scaleFlags, ...settingFlags],
  examples: ['scale plan --config matter.yaml', 'scale plan --config matter.yaml --json'],
  run: planCommand,
}

async function planCommand(given: Given, terminal: Terminal): Promise<number> {
  needed(given.positionals, [])
  const accept = acceptedBy(given)
  const resolved = await resolveMatter(given, terminal)
  tellNotes(resolved, given, terminal)
  const runId = runIdOf(given.text('run-id'), resolved)
  const isJson = given.flag('json')
  const command = 'genesys-legal-hold-exporter scale plan'
  const work = await openScaled(given, resolved, terminal, { accept, audit: given.flag('audit'), command })
  try {
    const telling = scaleTelling(given, terminal)
    const { onEvent } = telling
    const { signal } = terminal
    const planned = work.scaled.plan(work.request, { ...work.options, runId, signal, onEvent })
    const plan = await planned.finally(telling.close)
    if (isJson) terminal.out(JSON.stringify(plan, null, 2))
    else {
      tellPlan(plan, terminal)
      terminal.out('Nothing was submitted: `scale run` with the same flags does it.')
    }
    return exitCodes.success
  } catch (error) {
    if (!LegalHoldError.isInstance(error) || error.code !== 'PREFLIGHT_BLOCKED') throw inFile(resolved, '', error)
    return tellBlocked(error, given, terminal)
  } finally {
    work.close()
  }
}

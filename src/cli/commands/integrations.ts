import { type ListedIntegration, listIntegrations } from '../../platforms/organization/integrations.js'
import { type Given, needed } from '../arguments.js'
import type { CommandSpec } from '../command.js'
import { connectGenesys } from '../config/connect.js'
import { resolveMatter } from '../config/resolve.js'
import { settingFlags } from '../config/settings.js'
import { exitCodes } from '../exit-codes.js'
import { loggerOf, tellNotes } from '../telling/log.js'
import { shown, type Terminal } from '../terminal.js'

export const integrations: CommandSpec = {
  name: 'integrations',
  takes: '',
  group: 'Set up',
  summary: 'the integrations of the organisation, with their ids and states',
  about:
    'Lists the integrations of the organisation that the OAuth client may see. The id of the AWS S3 recording bulk actions integration is what --integration takes. It changes nothing.',
  flags: settingFlags,
  examples: ['integrations --config matter.yaml'],
  run: integrationsCommand,
}

async function integrationsCommand(given: Given, terminal: Terminal): Promise<number> {
  needed(given.positionals, [])
  const resolved = await resolveMatter(given, terminal)
  tellNotes(resolved, given, terminal)
  const platform = await connectGenesys(resolved, loggerOf(given, resolved, terminal))
  const all: ListedIntegration[] = []
  try {
    for await (const one of listIntegrations(platform.client, { signal: terminal.signal })) all.push(one)
  } finally {
    platform.close()
  }
  if (given.flag('json')) terminal.out(JSON.stringify(all, null, 2))
  else {
    for (const { id, name, type, intendedState, reportedState } of all) {
      terminal.out(
        `${shown(id)}  ${intendedState ?? '?'}, ${reportedState ?? '?'}  ${shown(name ?? '')} (${shown(type ?? 'unknown type')})`,
      )
    }
    if (all.length === 0) terminal.out('The client sees no integration.')
  }
  return all.length === 0 ? exitCodes.nothingShown : exitCodes.success
}

import type { Given } from '../arguments.js'
import type { CommandSpec } from '../command.js'
import { settingFlags } from '../config/settings.js'
import { exitCodes } from '../exit-codes.js'
import { keysFlag, sourceOf } from '../objects/source.js'
import { ObjectTally, openBucket } from '../objects/tally.js'
import type { Terminal } from '../terminal.js'

export const validate: CommandSpec = {
  name: 'validate',
  takes: 'PREFIX | --keys-from FILE',
  group: 'Repair and release',
  summary: 'check whether objects carry the hold',
  about: `Reads every object under a prefix ('' is the whole bucket) or in a list, and shows which of them carry the hold. It changes nothing, and does not contact Genesys Cloud. Whether something is missing is shown by \`export\` and \`reconcile\` only.`,
  flags: [keysFlag, ...settingFlags],
  examples: ["validate '' --config matter.yaml", 'validate --keys-from keys.txt --config matter.yaml --json'],
  run: validateCommand,
}

async function validateCommand(given: Given, terminal: Terminal): Promise<number> {
  const source = await sourceOf(given, terminal)
  const { exporter, close } = await openBucket(given, terminal, undefined)
  const tally = new ObjectTally()
  try {
    for await (const { verdict, object, reason } of exporter.validate(source, { signal: terminal.signal })) {
      const { key, versionId } = object
      tally.add(verdict, verdict === 'held' ? undefined : { outcome: verdict, key, versionId, reason })
    }
  } finally {
    await close()
  }
  if (given.flag('json')) terminal.out(JSON.stringify(tally.json(), null, 2))
  else tally.tell(terminal)
  if (tally.total === 0) return exitCodes.nothingShown
  return tally.count('held') === tally.total ? exitCodes.success : exitCodes.badResult
}

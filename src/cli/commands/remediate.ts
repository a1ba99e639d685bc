import { CostTally } from '../../stages/repair/cost.js'
import type { Given } from '../arguments.js'
import type { CommandSpec } from '../command.js'
import { settingFlags } from '../config/settings.js'
import { exitCodes } from '../exit-codes.js'
import { keysFlag, sourceOf } from '../objects/source.js'
import { ObjectTally, openBucket } from '../objects/tally.js'
import type { Terminal } from '../terminal.js'

export const remediate: CommandSpec = {
  name: 'remediate',
  takes: 'PREFIX | --keys-from FILE',
  group: 'Repair and release',
  summary: 'put objects under the hold; a plan, unless --yes is given',
  about: `Puts the hold on objects that do not carry it, under a prefix ('' is the whole bucket) or in a list. Without --yes it only plans, changes nothing and shows the cost. With --yes each change is recorded before and after it is made, in legal-hold/MATTER/remediate-journal.`,
  flags: [
    keysFlag,
    { name: 'yes', kind: 'flag', about: 'make the repairs' },
    { name: 'journal', value: 'DIR', kind: 'text', about: 'keep the record of the repairs there' },
    ...settingFlags,
  ],
  examples: ["remediate '' --config matter.yaml", "remediate '' --config matter.yaml --yes"],
  run: remediateCommand,
}

async function remediateCommand(given: Given, terminal: Terminal): Promise<number> {
  const source = await sourceOf(given, terminal)
  const dryRun = !given.flag('yes')
  const { exporter, prices, close } = await openBucket(given, terminal, dryRun ? undefined : 'remediations')
  const tally = new ObjectTally()
  const costs = new CostTally(prices)
  try {
    for await (const done of exporter.remediate(source, { dryRun, signal: terminal.signal })) {
      const { outcome, object, reason, estimate } = done
      const { key, versionId } = object
      const isNoted = outcome === 'refused' || outcome === 'failed' || outcome === 'planned'
      tally.add(outcome, isNoted ? { outcome, key, versionId, reason } : undefined)
      if (estimate !== undefined) costs.add(estimate)
    }
  } finally {
    await close()
  }
  const cost = costs.cost()
  if (given.flag('json')) terminal.out(JSON.stringify({ dryRun, ...tally.json(), cost }, null, 2))
  else {
    tally.tell(terminal)
    const { total, storagePerMonth } = cost.dollars
    if (tally.total > 0) terminal.out(`about ${dollars(total)} once, and ${dollars(storagePerMonth)} a month`)
    if (dryRun && tally.total > 0) terminal.out('Nothing was changed: --yes makes the repairs.')
  }
  return tally.count('refused', 'failed') > 0 ? exitCodes.badResult : exitCodes.success
}

function dollars(amount: number): string {
  return `${amount.toFixed(amount < 1 ? 4 : 2)} dollars`
}

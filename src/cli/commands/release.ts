import type { SourceRelease } from '../../index.js'
import { counted, figure, verb } from '../../internal/text/counted.js'
import { ArgumentError, type Given } from '../arguments.js'
import type { CommandSpec } from '../command.js'
import { settingFlags } from '../config/settings.js'
import { exitCodes } from '../exit-codes.js'
import { keysFlag, sourceOf } from '../objects/source.js'
import { ObjectTally, openBucket } from '../objects/tally.js'
import type { Terminal } from '../terminal.js'

export const release: CommandSpec = {
  name: 'release',
  takes: 'PREFIX | --keys-from FILE',
  group: 'Repair and release',
  summary: "remove one matter's tag; a plan, unless --yes is given",
  about: `Removes the hold's tag from objects, under a prefix ('' is the whole bucket) or in a list, and leaves the tags of other matters. Nothing is deleted. An Object Lock hold goes only with the last tag, and only with --allow-unlock. A retention stays. It needs a reason, which is recorded in legal-hold/MATTER/release-journal.

Without --yes it only plans, and changes nothing.`,
  flags: [
    { name: 'reason', value: 'TEXT', kind: 'text', about: 'why the matter lets go, e.g. the order that ends it' },
    keysFlag,
    { name: 'yes', kind: 'flag', about: 'release' },
    { name: 'allow-unlock', kind: 'flag', about: 'switch the Object Lock hold off where no other tag is left' },
    {
      name: 'release-source',
      kind: 'flag',
      about: 'lift the deletion protection at the source as well, of conversations that were let go as a whole',
    },
    { name: 'journal', value: 'DIR', kind: 'text', about: 'keep the record of the release there' },
    ...settingFlags,
  ],
  examples: [
    `release '' --config matter.yaml --reason "Order of 4 March 2026: matter closed"`,
    `release '' --config matter.yaml --reason "Order of 4 March 2026: matter closed" --yes`,
  ],
  run: releaseCommand,
}

async function releaseCommand(given: Given, terminal: Terminal): Promise<number> {
  const reason = given.text('reason')?.trim() ?? ''
  if (reason === '') throw new ArgumentError('--reason TEXT is missing: the reason is recorded.')
  const source = await sourceOf(given, terminal)
  const dryRun = !given.flag('yes')
  const allowUnlock = given.flag('allow-unlock')
  const releaseSource = given.flag('release-source')
  const need = releaseSource ? 'request' : 'storage'
  const { exporter, close } = await openBucket(given, terminal, dryRun ? undefined : 'releases', need)
  let atSource: SourceRelease | undefined
  const tally = new ObjectTally()
  let locked = 0
  try {
    const releases = exporter.release(source, {
      reason,
      dryRun,
      allowUnlock,
      releaseSource,
      onSourceReleased: (result) => {
        atSource = result
      },
      signal: terminal.signal,
    })
    for await (const { outcome, object, reason: why, remaining, legalHold } of releases) {
      if (!allowUnlock && legalHold === 'ON' && remaining.length === 0) locked += 1
      const { key, versionId } = object
      const others = remaining.length === 0 ? undefined : `still held by ${remaining.join(', ')}`
      const isNoted = outcome !== 'released' || others !== undefined
      tally.add(outcome, isNoted ? { outcome, key, versionId, reason: why ?? others } : undefined)
    }
  } finally {
    await close()
  }
  if (given.flag('json'))
    terminal.out(JSON.stringify({ dryRun, reason, ...tally.json(), locked, source: atSource }, null, 2))
  else {
    tally.tell(terminal)
    if (atSource !== undefined) {
      const { requested, kept } = atSource
      terminal.out(`at the source: ${counted(requested, 'conversation')} let go, ${figure(kept)} kept`)
    }
    if (tally.total === 0) terminal.out('Nothing there is under this hold.')
    if (locked > 0) terminal.out(stillLocked(locked, dryRun))
    if (dryRun && tally.count('planned') > 0) terminal.out('Nothing was changed: --yes releases.')
  }
  return tally.count('refused', 'failed') > 0 ? exitCodes.badResult : exitCodes.success
}

/** A hold that nobody mentions would be found when somebody wants to delete. */
function stillLocked(count: number, dryRun: boolean): string {
  const whose = count === 1 ? 'its' : 'their'
  const keeps = dryRun ? 'would keep' : verb(count, 'keeps', 'keep')
  return `${counted(count, 'object')} ${keeps} ${whose} Object Lock legal hold, which only --allow-unlock lifts.`
}

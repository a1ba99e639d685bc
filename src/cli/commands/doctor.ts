import { figure, verb } from '../../internal/text/counted.js'
import { type Given, needed } from '../arguments.js'
import type { CommandSpec } from '../command.js'
import { resolveMatter } from '../config/resolve.js'
import { settingFlags } from '../config/settings.js'
import type { DoctorCheck } from '../doctor/check.js'
import { clockCheck, diskChecks, hostChecks, keyCheck, nodeCheck } from '../doctor/machine.js'
import { packageChecks } from '../doctor/packages.js'
import { serviceChecks } from '../doctor/services.js'
import { shardChecks } from '../doctor/shards.js'
import { exitCodes } from '../exit-codes.js'
import { placesOf } from '../files/places.js'
import { flagLine } from '../telling/findings.js'
import { loggerOf, tellNotes } from '../telling/log.js'
import { notifyFlags } from '../telling/notifying.js'
import { shown, type Terminal } from '../terminal.js'

export const doctor: CommandSpec = {
  name: 'doctor',
  takes: '',
  group: 'Set up',
  summary: 'whether everything that an export needs is there, and what to do',
  about: `Checks everything that an export needs: Node, disk, signing key, the packages that notifications and AWS KMS need, hosts, clock, login, each permission in Genesys Cloud, each action on the bucket, and the bucket itself. It creates nothing in either. It writes and removes a file in the folder of the journal. Where the matter has a section scale, it checks the evidence bucket and the engine as well, and leaves one small object in that bucket: doctor.txt.

The exit code is 2 if something is wrong. Warnings do not count: they name what an export can continue without.`,
  flags: [...notifyFlags, ...settingFlags],
  examples: ['doctor --config matter.yaml', 'doctor --config matter.yaml --json'],
  run: doctorCommand,
}

async function doctorCommand(given: Given, terminal: Terminal): Promise<number> {
  needed(given.positionals, [])
  const resolved = await resolveMatter(given, terminal)
  tellNotes(resolved, given, terminal)
  const isJson = given.flag('json')
  const checks: DoctorCheck[] = []
  const add = (more: readonly DoctorCheck[]) => {
    checks.push(...more)
    if (!isJson) for (const check of more) terminal.out(line(check))
  }
  add([nodeCheck(process.versions.node)])
  add(await diskChecks(placesOf(resolved).journal))
  add([await keyCheck(given, resolved)])
  add(await packageChecks(resolved))
  const hosts = await hostChecks(resolved, terminal)
  add(hosts.checks)
  add([clockCheck(hosts.dates)])
  add(await serviceChecks(resolved, { logger: loggerOf(given, resolved, terminal), signal: terminal.signal }))
  add(await shardChecks(resolved, terminal.signal))
  const problems = checks.filter(({ result }) => result === 'problem').length
  if (isJson) terminal.out(JSON.stringify({ healthy: problems === 0, checks }, null, 2))
  else
    terminal.out(
      problems === 0
        ? 'Nothing is in the way of an export.'
        : `${figure(problems)} of these ${verb(problems, 'is', 'are')} in the way of an export.`,
    )
  return problems === 0 ? exitCodes.success : exitCodes.badResult
}

const marks = { ok: 'ok', warning: 'warning', problem: 'PROBLEM', skipped: 'skipped' } as const

function line({ area, subject, result, message, remedy, flag, accept }: DoctorCheck): string {
  const indent = `\n${' '.repeat(10)}`
  const by = flag === undefined ? '' : `${indent}${flagLine(flag)}`
  const or = accept === undefined ? '' : `${indent}or, if somebody answers for it, add to export:${indent}${accept}`
  const advice = remedy === undefined || result === 'ok' ? '' : `${indent}${shown(remedy)}${by}${or}`
  return `${marks[result].padEnd(9)} ${area}: ${shown(subject)}${message === undefined ? '' : `: ${shown(message)}`}${advice}`
}

import { LegalHoldExporter } from '../../exporter.js'
import { figure, verb } from '../../internal/text/counted.js'
import { type Given, needed } from '../arguments.js'
import type { CommandSpec } from '../command.js'
import { byKeysOfFile, connect, inFile } from '../config/connect.js'
import { resolveMatter } from '../config/resolve.js'
import { settingFlags } from '../config/settings.js'
import { exitCodes } from '../exit-codes.js'
import { describeFinding, howToAccept } from '../telling/findings.js'
import { loggerOf, tellNotes } from '../telling/log.js'
import type { Terminal } from '../terminal.js'

export const inspect: CommandSpec = {
  name: 'inspect',
  takes: '',
  group: 'Export',
  summary: 'what would go wrong, before anything is created',
  about: `Checks everything that an export relies on, and reports what would go wrong: integration, bucket, permissions, retention, residency, how far the platform's index reaches. It creates and changes nothing.

Secrets come from the environment, or from a file that names their variables: GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET, and for S3 whatever the AWS SDK finds. Everything else is a flag, the variable in brackets behind it, or a key of --config.`,
  flags: settingFlags,
  examples: ['inspect --config matter.yaml', 'inspect --config matter.yaml --json'],
  run: inspectCommand,
}

async function inspectCommand(given: Given, terminal: Terminal): Promise<number> {
  needed(given.positionals, [])
  const resolved = await resolveMatter(given, terminal)
  tellNotes(resolved, given, terminal)
  const { options, request, close } = await connect(resolved, 'request', loggerOf(given, resolved, terminal))
  try {
    const exporter = byKeysOfFile(resolved, '', () => new LegalHoldExporter(options))
    const { findings } = await exporter.inspect(request, { signal: terminal.signal }).catch((error: unknown) => {
      throw inFile(resolved, '', error)
    })
    const blockers = findings.filter(({ severity }) => severity === 'blocker')
    if (given.flag('json')) terminal.out(JSON.stringify(findings, null, 2))
    else {
      for (const finding of findings) terminal.out(describeFinding(finding))
      const { length } = blockers
      terminal.out(
        length === 0
          ? 'Nothing blocks an export.'
          : `${figure(length)} of these ${verb(length, 'blocks', 'block')} an export.`,
      )
      if (length > 0) terminal.out(howToAccept(blockers, 'add to export'))
    }
    return blockers.length === 0 ? exitCodes.success : exitCodes.badResult
  } finally {
    close()
  }
}

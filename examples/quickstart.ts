// The whole job on embedded servers: npm run quickstart
import { LegalHoldError } from 'genesys-legal-hold-exporter'
import { Display } from './quickstart/display.ts'
import { FlagError, help, readFlags } from './quickstart/flags.ts'
import { untilSignalled } from './signals.ts'

// The AWS SDK greets Node 20 with a notice; a script may silence it, the library never does.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

// What this organisation is known for, and why the export goes ahead all the same.
const acceptances = new Map([
  ['retention-deletes-before-hold', 'the export happens now, and what lands on S3 is out of that policy’s reach'],
  ['hold-metadata-disabled', 'the profile is left as it is; objects without the tag are repaired on S3'],
  ['retention-strips-metadata', 'as above: the tag is written on S3, after the policy has done its work'],
])

const interrupted = untilSignalled()

async function main(): Promise<number> {
  const flags = readFlags(process.argv.slice(2))
  if (flags.help) {
    process.stdout.write(help)
    return 0
  }
  const display = new Display(flags.quiet, acceptances)
  display.title()
  // The SDKs and the servers take a while to load, so that there is something on the screen before.
  const { openJournal, whenNpmIsGone } = await import('./quickstart/journal.ts')
  whenNpmIsGone(() => interrupted.controller.abort(new Error('npm was killed')))
  const opened = await openJournal(flags)
  try {
    const [{ openServers }, { exportMatter }] = await Promise.all([
      import('./quickstart/servers.ts'),
      import('./quickstart/matter.ts'),
    ])
    const servers = await openServers(flags, opened, Date.now())
    try {
      return await exportMatter({ flags, servers, opened, display, signal: interrupted.controller.signal })
    } finally {
      await servers.close()
    }
  } finally {
    display.close()
    await opened?.journal.close()
  }
}

function explain(error: unknown): string {
  if (error instanceof FlagError) return `${error.message}\nnpm run quickstart -- --help lists the flags.`
  if (!LegalHoldError.isInstance(error)) return error instanceof Error ? (error.stack ?? error.message) : String(error)
  if (error.code === 'PREFLIGHT_BLOCKED') {
    const blockers = (error.findings ?? []).filter(
      ({ code, severity }) => severity === 'blocker' && !acceptances.has(code),
    )
    const codes = [...new Set(blockers.map(({ code }) => code))]
    const flags = codes.map((code) => `--accept ${code}`).join(' ')
    return `PREFLIGHT_BLOCKED by ${codes.join(', ')}: nothing was created.\nRemove the cause, or let it pass with ${flags}`
  }
  if (error.code === 'ABORTED') {
    return `${error.code} during ${error.stage}\n${error.message}\nWith --journal DIR the same command resumes from here.`
  }
  if (error.code === 'CHECKPOINT_MISMATCH') {
    return `${error.code}\n${error.message}\nWithout flags, --journal DIR resumes the run of that journal.`
  }
  const id = error.requestId === undefined ? '' : ` (request id ${error.requestId})`
  return `${error.code} during ${error.stage}${id}\n${error.message}`
}

main().then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    process.stderr.write(`\n${explain(error)}\n`)
    process.exitCode = interrupted.exitCode()
  },
)

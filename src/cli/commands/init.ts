import { stat, writeFile } from 'node:fs/promises'
import { dirname, relative, resolve } from 'node:path'
import { notOneOf } from '../../internal/text/closest.js'
import { isHoldTag } from '../../model/hold.js'
import { isInstant } from '../../options/checks.js'
import { mediaTypes } from '../../options/exporter-options.js'
import { findRegion } from '../../platforms/client/regions.js'
import { ArgumentError, type Given, needed } from '../arguments.js'
import type { CommandSpec } from '../command.js'
import type { Matter } from '../config/matter-fields.js'
import { put, resolveMatter } from '../config/resolve.js'
import { type Setting, settingFlags, settings } from '../config/settings.js'
import { matterText } from '../config/template.js'
import { exitCodes } from '../exit-codes.js'
import { makeSigningKey } from '../files/signing-key.js'
import { toolName } from '../program.js'
import { notifyFlags } from '../telling/notifying.js'
import { shown, type Terminal } from '../terminal.js'

export const init: CommandSpec = {
  name: 'init',
  takes: '',
  group: 'Set up',
  summary: 'write matter.yaml: asks, or takes flags',
  about: `Writes a matter.yaml with comments, and never overwrites a file. On a terminal it asks for settings that the flags and the environment leave open. It writes no secrets: the file names the variables that hold them.

It makes a signing key for the evidence beside it, unless one is named or --unsigned is given.`,
  flags: [
    { name: 'out', value: 'FILE', kind: 'text', about: 'file to write (default: matter.yaml)' },
    { name: 'config', value: 'FILE', kind: 'text', about: 'the same: the file that the other commands then take' },
    { name: 'signing-key', value: 'FILE', kind: 'text', about: 'private key, in PEM, that seals the evidence' },
    { name: 'kms-key', value: 'ID', kind: 'text', about: 'key in AWS KMS (ECC_NIST_P256) that seals it' },
    { name: 'unsigned', kind: 'flag', about: 'seal no evidence' },
    { name: 'tsa-url', value: 'URL', kind: 'text', about: 'authority that stamps the signature (RFC 3161)' },
    ...notifyFlags,
    ...settingFlags.filter(({ name }) => name !== 'config'),
  ],
  examples: [
    'init',
    'init --region eu-west-1 --integration a1d4f7c2-5b3e-4e89-8c6a-2f9e0b7d4a03 --bucket legal-hold-exports --bucket-region eu-west-1 --hold doe-v-acme --matter doe-v-acme --interval 2023-10-01T00:00:00Z/2023-10-03T00:00:00Z',
  ],
  run: initCommand,
}

interface Question {
  readonly flag: string
  readonly question: string
  readonly isNeeded: boolean
  /** What is wrong with an answer; `undefined` if nothing is. */
  readonly mistake?: ((answer: string) => string | undefined) | undefined
}

const questions: readonly Question[] = [
  {
    flag: 'region',
    question: 'Region of the Genesys Cloud organisation, e.g. eu-west-1 or mypurecloud.ie:',
    isNeeded: true,
    mistake: (answer) => (findRegion(answer) === undefined ? 'That is not a region: `regions` lists them.' : undefined),
  },
  { flag: 'integration', question: 'Id of the AWS S3 recording bulk actions integration:', isNeeded: true },
  { flag: 'bucket', question: 'Bucket that it delivers to:', isNeeded: true },
  { flag: 'bucket-region', question: 'AWS region of the bucket:', isNeeded: true },
  {
    flag: 'hold',
    question: 'Tag of the hold, e.g. doe-v-acme:',
    isNeeded: true,
    mistake: (answer) =>
      isHoldTag(answer) ? undefined : 'A tag is 1 to 128 of letters, digits and + - = . _ : / @ without blanks.',
  },
  { flag: 'matter', question: 'Name of the matter, for the report (Enter: the tag):', isNeeded: false },
  {
    flag: 'interval',
    question: 'Interval, START/END in ISO 8601, e.g. 2023-10-01T00:00:00Z/2023-10-03T00:00:00Z:',
    isNeeded: true,
    mistake: (answer) => {
      const [start, end, ...more] = answer.split('/')
      if (!isInstant(start) || !isInstant(end) || more.length > 0)
        return 'Give START/END with a time zone each, e.g. 2023-10-01T00:00:00Z/2023-10-03T00:00:00Z.'
      return Date.parse(start) < Date.parse(end) ? undefined : 'The end must be after the start.'
    },
  },
  {
    flag: 'media',
    question: 'Media: digital, or a list of call,chat,email,message,screen (Enter: all):',
    isNeeded: false,
    mistake: (answer) => mediaMistake(mediaOf(answer)),
  },
]

async function initCommand(given: Given, terminal: Terminal): Promise<number> {
  needed(given.positionals, [])
  const file = fileToWrite(given)
  await refuseExisting(file)
  const { matter } = await resolveMatter(withoutConfig(given), terminal)
  await complete(matter, terminal)
  refuseUnusable(matter)
  const evidence = await evidenceOf(given, file)
  const text = matterText({ ...matter, ...(evidence === undefined ? {} : { evidence: evidence.section }) })
  await writeFile(file, text, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EEXIST' ? taken(file) : unwritable(file, error)
  })
  const { publicKeyFile, fingerprint } = evidence ?? {}
  if (given.flag('json')) {
    terminal.out(JSON.stringify({ file, publicKey: publicKeyFile, fingerprint }, null, 2))
    return exitCodes.success
  }
  terminal.out(`${shown(file)} is written.`)
  if (fingerprint !== undefined) {
    terminal.out(`The evidence will be signed with ${fingerprint}.`)
    terminal.out(
      `Give ${shown(publicKeyFile)}, or that fingerprint, through a separate channel to those who will verify.`,
    )
  }
  terminal.out('Set GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET, and credentials for AWS. Then:')
  terminal.out(`  ${toolName} doctor --config ${shown(file)}\n  ${toolName} export --config ${shown(file)}`)
  return exitCodes.success
}

async function refuseExisting(file: string): Promise<void> {
  const isThere = await stat(file).then(
    () => true,
    () => false,
  )
  if (isThere) throw taken(file)
}

/** `--config` names the same file as in the other commands. */
function fileToWrite(given: Given): string {
  const [out, config] = [given.text('out'), given.text('config')]
  if (out !== undefined && config !== undefined) throw new ArgumentError('Give --out or --config, not both.')
  return out ?? config ?? 'matter.yaml'
}

/** The file is not there yet, and cannot be read. */
function withoutConfig(given: Given): Given {
  return { ...given, text: (name) => (name === 'config' ? undefined : given.text(name)) }
}

/** What no other command would take is not written down. @throws ArgumentError */
function refuseUnusable({ request, requirements }: Matter): void {
  const wrong = mediaMistake(request?.mediaTypes)
  if (wrong !== undefined) throw new ArgumentError(`--media cannot be used. ${wrong}`)
  const until = requirements?.retainUntilDate
  if (until !== undefined && !isInstant(until))
    throw new ArgumentError(`--retain-until must be ISO 8601 with a time zone, not ${JSON.stringify(until)}.`)
}

function unwritable(file: string, { message }: Error): ArgumentError {
  return new ArgumentError(`${file} cannot be written: ${message}`)
}

function taken(file: string): ArgumentError {
  return new ArgumentError(`${file} is there already, and nothing is written over it: --out FILE names another.`)
}

/** Asks for what is missing; without a terminal what must be there is named. */
async function complete(matter: Matter, { ask, out }: Terminal): Promise<void> {
  const missing: string[] = []
  for (const { flag, question, isNeeded, mistake } of questions) {
    const setting = settings.find((one) => one.flag === flag)
    if (setting === undefined) continue
    const said = valueAt(matter, setting)
    if (said !== undefined) {
      const wrong = typeof said === 'string' ? mistake?.(said) : undefined
      if (wrong !== undefined) throw new ArgumentError(`--${flag} ${JSON.stringify(said)} cannot be used. ${wrong}`)
      continue
    }
    if (flag === 'integration' && matter.request?.profileId !== undefined) continue
    if (ask === undefined) {
      if (isNeeded) missing.push(`--${flag}${setting.variable === undefined ? '' : ` (${setting.variable})`}`)
      continue
    }
    const answer = await answerTo(question, { ask, out, isNeeded, mistake })
    if (answer !== '')
      put(matter as Record<string, unknown>, setting.path, setting.form === 'media' ? mediaOf(answer) : answer)
  }
  if (missing.length > 0) throw new ArgumentError(`Missing: ${missing.join(', ')}.`)
}

async function answerTo(
  question: string,
  how: Pick<Question, 'isNeeded' | 'mistake'> & {
    readonly ask: (question: string) => Promise<string>
    out(line: string): void
  },
): Promise<string> {
  for (;;) {
    const answer = await how.ask(question)
    if (answer === '' && !how.isNeeded) return ''
    const wrong = answer === '' ? 'This is needed.' : how.mistake?.(answer)
    if (wrong === undefined) return answer
    how.out(wrong)
  }
}

function mediaMistake(media: unknown): string | undefined {
  const wrong = Array.isArray(media) ? media.find((one) => !mediaTypes.has(one)) : undefined
  if (wrong === undefined) return undefined
  return notOneOf('', String(wrong), [...mediaTypes].map(String))
}

function mediaOf(answer: string): string | string[] {
  return answer === 'digital' ? answer : answer.split(',').map((one) => one.trim())
}

function valueAt(matter: Matter, { path }: Setting): unknown {
  return path.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], matter)
}

interface InitialEvidence {
  readonly section: Matter['evidence']
  readonly publicKeyFile?: string | undefined
  readonly fingerprint?: string | undefined
}

async function evidenceOf(given: Given, file: string): Promise<InitialEvidence | undefined> {
  const authority = given.text('tsa-url')
  const timestamp = authority === undefined ? {} : { timestamp: { authority } }
  const kmsKeyId = given.text('kms-key')
  const named = given.text('signing-key')
  const ways = [kmsKeyId, named, given.flag('unsigned') ? 'unsigned' : undefined].filter((way) => way !== undefined)
  if (ways.length > 1) throw new ArgumentError('Give one of --signing-key, --kms-key and --unsigned.')
  if (given.flag('unsigned')) return undefined
  if (kmsKeyId !== undefined) return { section: { kmsKeyId, ...timestamp } }
  const folder = dirname(resolve(file))
  if (named !== undefined) return { section: { signingKey: relative(folder, resolve(named)), ...timestamp } }
  const made = await makeSigningKey(folder).catch((error: NodeJS.ErrnoException) => {
    throw error instanceof ArgumentError ? error : unwritable(file, error)
  })
  const publicKeyFile = relative(process.cwd(), made.publicKeyFile)
  return {
    section: { signingKey: relative(folder, made.keyFile), ...timestamp },
    publicKeyFile,
    fingerprint: made.fingerprint,
  }
}

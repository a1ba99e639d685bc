import type { FlagSpec } from '../command.js'
import { engineNames } from './scale-fields.js'

/** A flag that says one key of matter.yaml, and the variable that does the same. */
export interface Setting {
  readonly flag: string
  /** What stands behind it in the help; none for one that is only there or not. */
  readonly value?: string
  readonly variable?: string
  /** The key. */
  readonly path: string
  readonly form: 'text' | 'list' | 'on' | 'off' | 'media' | 'pair'
  readonly about: string
  /** The only values that the flag takes. */
  readonly words?: readonly string[]
}

/** Flags that say what is exported, from where to where. A flag beats its variable, and that beats the file. */
export const settings: readonly Setting[] = [
  one('region REGION', 'GENESYS_REGION', 'genesys.region', 'AWS name or host, e.g. eu-west-1 or mypurecloud.ie'),
  one(
    'integration ID',
    'GENESYS_INTEGRATION_ID',
    'request.integrationId',
    'the AWS S3 recording bulk actions integration',
  ),
  one('profile ID', 'GENESYS_PROFILE_ID', 'request.profileId', 'export profile, with bulk exports'),
  {
    ...one('surface NAME', undefined, 'genesys.surface', 'recording-jobs (default) or bulk-exports'),
    words: ['recording-jobs', 'bulk-exports'],
  },
  one('bucket BUCKET', 'EXPORT_BUCKET', 's3.bucket', 'bucket that the integration delivers to'),
  one('bucket-region REGION', 'AWS_REGION', 's3.region', 'its region'),
  one('hold TAG', 'HOLD_TAG', 'hold.tag', 'e.g. discovery-batch-2023-10'),
  one('matter TEXT', 'HOLD_MATTER', 'hold.matter', 'name of the matter, for the report'),
  one('interval START/END', 'INTERVAL', 'request.interval', 'ISO 8601, e.g. 2023-10-01T00:00:00Z/2023-10-03T00:00:00Z'),
  {
    ...one(
      'media TYPES',
      'MEDIA_TYPES',
      'request.mediaTypes',
      'digital, or a list of call,chat,email,message,screen (default: all)',
    ),
    form: 'media',
  },
  many('message-types TYPES', 'MESSAGE_TYPES', 'request.messageTypes', 'such as whatsapp,webmessaging'),
  many('conversation-ids IDS', 'CONVERSATION_IDS', 'request.conversationIds', 'conversations, separated by commas'),
  many(
    'divisions IDS',
    'DIVISION_IDS',
    'request.divisionIds',
    'divisions of the matter, separated by commas (default: all must be seen)',
  ),
  many('residency REGIONS', 'RESIDENCY', 'residency.regions', 'AWS regions where data may be, separated by commas'),
  one('format NAME', undefined, 'request.format', 'requested format, e.g. WAV'),
  {
    flag: 'exclude-sensitive',
    path: 'request.includeSensitive',
    form: 'off',
    about: 'leave out recordings with sensitive data',
  },
  {
    flag: 'require-metadata',
    value: 'NAME=VALUE',
    path: 'requirements.metadata',
    form: 'pair',
    about: 'user metadata that each object must carry (repeatable)',
  },
  {
    flag: 'require-tag',
    value: 'NAME=VALUE',
    path: 'requirements.tags',
    form: 'pair',
    about: 'tag that each object must carry (repeatable)',
  },
  {
    flag: 'require-legal-hold',
    path: 'requirements.legalHold',
    form: 'on',
    about: 'require the Object Lock legal hold',
  },
  one(
    'retain-until DATE',
    undefined,
    'requirements.retainUntilDate',
    'require Object Lock retention until then, in ISO 8601',
  ),
  {
    flag: 'protect-source',
    path: 'genesys.protectSource',
    form: 'on',
    about: 'protect the conversations from deletion before the export',
  },
  {
    flag: 'allow-profile-update',
    path: 'genesys.allowProfileUpdate',
    form: 'on',
    about: 'switch the hold metadata of the export profile on',
  },
  choice('on-unindexed block|wait', 'onUnindexed', 'wait until the index covers the interval (default: block)'),
  choice('on-conflict refuse|merge', 'remediation.onConflict', "what to do if an object has another matter's tag"),
  choice('versions current|all', 'remediation.versions', 'which versions are held'),
  one('genesys-endpoint URL', 'GENESYS_ENDPOINT', 'genesys.endpoint', "a gateway in place of the region's hosts"),
  one('s3-endpoint URL', 'S3_ENDPOINT', 's3.endpoint', 'another S3 server'),
]

/** Flags of those commands that tell somebody how they ended; their help is in `notifying.ts`. */
export const notifySettings: readonly Setting[] = [
  { flag: 'notify', path: 'notify.webhook.url', variable: 'NOTIFY_URL', form: 'text', about: '' },
  { flag: 'notify-sns', path: 'notify.sns.topicArn', variable: 'NOTIFY_SNS', form: 'text', about: '' },
  {
    flag: 'notify-eventbridge',
    path: 'notify.eventBridge.bus',
    variable: 'NOTIFY_EVENTBRIDGE',
    form: 'text',
    about: '',
  },
]

/** Flags of the commands `scale`. */
export const scaleSettings: readonly Setting[] = [
  {
    ...one('engine NAME', 'SCALE_ENGINE', 'scale.engine', 'who runs the shards: local (default), s3-batch or map'),
    words: engineNames,
  },
  one('store BUCKET', 'SCALE_STORE', 'scale.store.bucket', 'evidence bucket that keeps plan, journals and seals'),
  one('store-prefix PREFIX', 'SCALE_STORE_PREFIX', 'scale.store.prefix', "in front of its keys (default: 'runs/')"),
]

/** Secrets are never flags: others on the machine see those. */
export const secretVariables: readonly (Pick<Setting, 'path' | 'form'> & { readonly variable: string })[] = [
  { variable: 'GENESYS_CLIENT_ID', path: 'genesys.clientId', form: 'text' },
  { variable: 'GENESYS_CLIENT_SECRET', path: 'genesys.clientSecret', form: 'text' },
  { variable: 'SIGNING_KEY_PASSPHRASE', path: 'evidence.passphrase', form: 'text' },
  { variable: 'NOTIFY_SECRET', path: 'notify.webhook.secret', form: 'text' },
]

/** `flag VALUE`, its variable, its key, and what it is for. */
function one(typed: string, variable: string | undefined, path: string, about: string): Setting {
  const [flag = typed, value = 'TEXT'] = typed.split(' ')
  return { flag, value, path, form: 'text', about, ...(variable === undefined ? {} : { variable }) }
}

/** `flag WORD|WORD`, which takes one of these words. */
function choice(typed: string, path: string, about: string): Setting {
  return { ...one(typed, undefined, path, about), words: typed.split(' ')[1]?.split('|') ?? [] }
}

function many(typed: string, variable: string, path: string, about: string): Setting {
  return { ...one(typed, variable, path, about), form: 'list' }
}

function flagOf({ flag, value, variable, form, about, words }: Setting, group: string): FlagSpec {
  const kind = form === 'on' || form === 'off' ? 'flag' : form === 'pair' ? 'list' : 'text'
  const beside = variable === undefined ? '' : ` [${variable}]`
  return {
    name: flag,
    ...(value === undefined ? {} : { value }),
    kind,
    about: `${about}${beside}`,
    group,
    ...(words === undefined ? {} : { words }),
  }
}

/** The flags of the commands `scale`, beside those of a matter. */
export const scaleFlags: readonly FlagSpec[] = scaleSettings.map((setting) => flagOf(setting, 'Scale'))

/** The flags of every command that reaches a matter. */
export const settingFlags: readonly FlagSpec[] = [
  {
    name: 'config',
    value: 'FILE',
    about: 'matter.yaml (default: none); flags and variables override what it says',
    kind: 'text',
  },
  ...settings.map((setting) => flagOf(setting, 'Settings')),
  {
    name: 'conversation-ids-from',
    value: 'FILE',
    kind: 'text',
    about: 'file with one id per line, or - for standard input',
    group: 'Settings',
  },
]

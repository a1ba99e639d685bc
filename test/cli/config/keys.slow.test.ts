import { describe, expect, test } from 'vitest'
import type { Field } from '#src/cli/config/field.js'
import { matterFields } from '#src/cli/config/matter-fields.js'
import { notifySettings, scaleSettings, secretVariables, settings } from '#src/cli/config/settings.js'
import { membersOf, type Shape } from '../../package/type-shape.js'

/** The field at a path of matter.yaml. */
function fieldAt(path: string): Field | undefined {
  return path
    .split('.')
    .reduce<Field | undefined>(
      (field, name) => (field?.kind === 'object' ? field.members[name] : undefined),
      matterFields,
    )
}

/** What a field says in the words of a type; `undefined` where a file can say what a program says otherwise. */
function differences(field: Field | undefined, shape: Shape, path: string, left: readonly string[]): string[] {
  if (left.includes(path)) return field === undefined ? [] : [`${path}: can be said after all`]
  if (field === undefined) return [`${path}: no key says it`]
  const forms = field.kind === 'either' ? field.of : [field]
  const shapes = shape.kind === 'either' ? shape.of : [shape]
  return shapes.flatMap((one) => {
    if (left.includes(`${path}|${one.kind}`)) return []
    const form = forms.find(({ kind }) => kind === one.kind)
    if (one.kind === 'words') {
      const words = form?.kind === 'words' ? form.words : []
      return one.words.filter((word) => !words.includes(String(word))).map((word) => `${path}: ${word} cannot be said`)
    }
    if (one.kind === 'object' && form?.kind === 'object') {
      return [...one.members].flatMap(([name, member]) =>
        differences(form.members[name], member.shape, `${path}.${name}`, left),
      )
    }
    if ((one.kind === 'list' || one.kind === 'table') && form?.kind === one.kind) {
      return differences(form.of, one.of, `${path}[]`, left)
    }
    return form === undefined ? [`${path}: no form for ${one.kind}`] : []
  })
}

function missingFrom(at: string, file: string, type: string, left: readonly string[] = []): string[] {
  const field: Field | undefined = at === '' ? matterFields : fieldAt(at)
  if (field?.kind !== 'object') return [`${at}: there is no such section`]
  return [...membersOf(file, type)].flatMap(([name, { shape }]) => differences(field.members[name], shape, name, left))
}

/** Ready clients, clocks and loggers: nothing that a file could hold. */
const ofPrograms = ['client', 'clock', 'logger', 'requestHandler', 'dispatcher']
const ofServices = [...ofPrograms, 'credentials.expiration', 'credentials|anything']

describe('everything that the library takes can be said in matter.yaml', () => {
  test.each<[at: string, file: string, type: string, left: readonly string[]]>([
    [
      '',
      'options/exporter-options.ts',
      'LegalHoldExporterOptions',
      [
        'platform',
        'storage',
        'clock',
        'logger',
        // The command says itself what it is.
        'command',
        'retention|anything',
        'journal|object',
        'retention|object',
        'accept[]|words',
        'retention|list',
      ],
    ],
    ['request', 'model/request.ts', 'ExportRequest', []],
    [
      'genesys',
      'platforms/recording-jobs/platform.ts',
      'RecordingJobsOptions',
      [...ofPrograms, 'accessToken|anything', 'accessToken|object'],
    ],
    [
      'genesys',
      'platforms/bulk-exports/options.ts',
      'BulkExportsOptions',
      // The word none stands for null.
      [
        ...ofPrograms,
        'paths.list|anything',
        'paths.failedRecordings|anything',
        'accessToken|anything',
        'accessToken|object',
      ],
    ],
    [
      's3',
      'storage/s3/client/settings.ts',
      'S3StorageOptions',
      [...ofPrograms, 'credentials.expiration', 'credentials|anything', 'sseCustomerKey|object'],
    ],
    ['requirements', 'model/requirements.ts', 'HoldRequirements', []],
    ['remediation.prices', 'model/prices.ts', 'PriceTable', []],
    ['retention.fixed', 'retention/fixed.ts', 'FixedRetentionOptions', []],
    ['scale.store', 'scale/aws/s3-shard-store.ts', 'S3ShardStoreOptions', ofServices],
    ['scale.inventory', 'scale/aws/inventory/s3-inventory.ts', 'S3InventoryOptions', ofServices],
    // Bucket and way to it are those of the store.
    ['scale.s3Batch', 'scale/aws/batch/options.ts', 'S3BatchEngineOptions', [...ofServices, 'bucket', 's3']],
    ['scale.map', 'scale/aws/map/options.ts', 'MapEngineOptions', [...ofServices, 'bucket', 's3']],
    [
      'scale',
      'scale/scaled-exporter.ts',
      'ScaledRunOptions',
      [
        // Flags of the command, and what it does with the result.
        ...['signal', 'onEvent', 'confirm', 'dryRun', 'evidence', 'onFinish', 'spool'],
        // An S3Inventory is made of what the file says.
        ...['inventory.name', 'inventory.describe', 'inventory.rows'],
      ],
    ],
  ])('in %s, of %s', (at, file, type, left) => {
    expect(missingFrom(at, file, type, left)).toEqual([])
  })

  test('and what is forgotten is found', () => {
    expect(missingFrom('retention.fixed', 'model/request.ts', 'Interval')).toEqual([
      'start: no key says it',
      'end: no key says it',
    ])
  })

  test('each flag and each variable says a key that is there', () => {
    const all = [...settings, ...scaleSettings, ...notifySettings, ...secretVariables]
    expect(all.filter(({ path }) => fieldAt(path) === undefined)).toEqual([])
  })
})

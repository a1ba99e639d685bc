import { describe, expect, test } from 'vitest'
import { RecordingJobsPlatform } from '#src/genesys.js'
import { FixedRetentionPolicy, LegalHoldError, LegalHoldExporter } from '#src/index.js'
import { OptionCheck } from '#src/internal/option-check.js'
import { evidenceBundle } from '#src/node.js'
import { S3LifecyclePolicy, S3StorageAdapter } from '#src/s3.js'

function thrownBy(work: () => unknown): LegalHoldError {
  try {
    work()
  } catch (error) {
    if (LegalHoldError.isInstance(error)) return error
  }
  throw new Error('nothing was thrown')
}

describe('a check of options', () => {
  test('throws nothing where nothing is wrong', () => {
    const mistakes = new OptionCheck('The options of a test')
    mistakes.check(true, 'a', 'is wrong')
    expect(mistakes.attempt('b', () => 7)).toBe(7)
    expect(mistakes.isFine).toBe(true)
    expect(() => mistakes.throwIfAny()).not.toThrow()
  })

  test('names all mistakes in one error, with the code and the details of the first', () => {
    const mistakes = new OptionCheck('The options of a test')
    mistakes.add('a', 'is missing', { code: 'MISSING_CREDENTIALS', details: { option: 'a' } })
    mistakes.check(false, 'b', 'must be true or false')
    mistakes.add('', 'Give c or d, not both.', { details: { option: 'c', more: 1 } })
    expect(thrownBy(() => mistakes.throwIfAny())).toMatchObject({
      code: 'MISSING_CREDENTIALS',
      stage: 'options',
      message: 'The options of a test cannot be used: a is missing; b must be true or false; Give c or d, not both.',
      details: {
        option: 'a',
        more: 1,
        mistakes: [
          { path: 'a', problem: 'is missing', code: 'MISSING_CREDENTIALS' },
          { path: 'b', problem: 'must be true or false' },
          { path: '', problem: 'Give c or d, not both.' },
        ],
      },
    })
  })

  test('throws what a check threw as it is, unless something else is wrong too', () => {
    const error = new LegalHoldError('The host is not encrypted.', { code: 'INSECURE_ENDPOINT', stage: 'options' })
    const attempted = () => {
      const mistakes = new OptionCheck('The options of a test')
      mistakes.attempt('endpoint', () => {
        throw error
      })
      return mistakes
    }
    expect(thrownBy(() => attempted().throwIfAny())).toBe(error)
    const mistakes = attempted()
    mistakes.add('b', 'is missing')
    expect(thrownBy(() => mistakes.throwIfAny())).toMatchObject({
      code: 'INSECURE_ENDPOINT',
      message: 'The options of a test cannot be used: The host is not encrypted; b is missing.',
    })
    expect(() =>
      mistakes.attempt('c', () => {
        throw new TypeError('a bug')
      }),
    ).toThrow(TypeError)
  })

  test.each<[string, () => unknown, readonly string[]]>([
    ['LegalHoldExporter', () => new LegalHoldExporter({ lookbackHours: -1 } as never), ['platform', 'lookbackHours']],
    ['S3StorageAdapter', () => new S3StorageAdapter({ bucket: 'a b', maxSockets: 0 }), ['bucket', 'maxSockets']],
    ['S3LifecyclePolicy', () => new S3LifecyclePolicy({ bucket: 'a b', maxSockets: 0 }), ['bucket', 'maxSockets']],
    [
      'RecordingJobsPlatform',
      () => new RecordingJobsPlatform({ region: 'eu-west-1', accessToken: 't', timeoutMs: -1, maxMetadataCalls: -1 }),
      ['timeoutMs', 'maxMetadataCalls'],
    ],
    ['evidenceBundle', () => evidenceBundle({ dir: '', signer: {} as never }), ['dir', 'signer']],
    [
      'FixedRetentionPolicy',
      () => new FixedRetentionPolicy({ minimumDays: -1, deletesAfterDays: -1 }),
      ['minimumDays', 'deletesAfterDays'],
    ],
  ])('is the same for %s: each mistake has the name of its option', (name, make, paths) => {
    const { code, message, details } = thrownBy(make)
    expect(code).toBe('INVALID_OPTIONS')
    expect(message).toContain(`The options of ${name} cannot be used: `)
    const mistakes = details?.mistakes as { readonly path: string }[]
    expect(mistakes.map(({ path }) => path)).toEqual(expect.arrayContaining([...paths]))
  })
})

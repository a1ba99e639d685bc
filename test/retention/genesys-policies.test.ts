import { describe, expect, it } from 'vitest'
import type { ExportRequest } from '../../src/model/request.js'
import { RecordingJobsPlatform } from '../../src/platforms/recording-jobs/platform.js'
import type { RetentionContext } from '../../src/ports/retention.js'
import { GenesysMediaRetentionPolicy } from '../../src/retention/genesys-policies.js'
import { hold, request, startWorld } from '../platforms/platform-world.js'

const context = (given: Partial<ExportRequest> = {}): RetentionContext => ({
  hold,
  requirements: {},
  request: { ...request, ...given },
  organizationId: 'org',
  bucket: 'evidence',
  prefix: 'org/',
  profile: { id: 'int', kind: 'integration', findings: [] },
  bucketInspection: { bucket: 'evidence', versioning: 'Enabled', objectLock: 'Enabled', findings: [] },
  now: new Date('2023-10-20T12:00:00Z'),
})

type Policy = Record<string, unknown>
const policy = (name: string, given: Policy) => ({ id: `id-${name}`, name, enabled: true, ...given })
const deleteAfter = (days: number) => ({ retainRecording: true, retentionDuration: { deleteRetention: { days } } })
const onQueue = { conditions: { forQueues: [{ id: 'q' }] } }

async function evaluate(
  policies: ReturnType<typeof policy>[],
  given: Partial<ExportRequest> = {},
  crossplatform: ReturnType<typeof policy>[] = [],
  about: Partial<RetentionContext> = {},
) {
  await using world = await startWorld([])
  world.simulator.organization.mediaRetentionPolicies.push(...policies)
  world.simulator.organization.crossplatformPolicies.push(...crossplatform)
  const platform = new RecordingJobsPlatform(world.connection)
  const findings = await new GenesysMediaRetentionPolicy({ platform }).evaluate({ ...context(given), ...about })
  expect(world.simulator.requests.filter(({ operation }) => operation === 'requestToken')).toHaveLength(1)
  return findings.map(({ code, severity, subject, message }) => ({ code, severity, subject, message }))
}

describe('a media retention policy', () => {
  it('that deletes at once or soon is a blocker, later a warning, naming policy, days and date', async () => {
    const findings = await evaluate(
      [
        policy('now', { actions: { deleteRecording: true } }),
        policy('soon', { actions: deleteAfter(10), ...onQueue }),
        policy('late', { actions: deleteAfter(400), ...onQueue }),
        policy('off', { enabled: false, actions: { alwaysDelete: true } }),
        policy('idle', { actions: { retainRecording: true, assignEvaluations: [] }, ...onQueue }),
      ],
      {},
      [policy('everywhere', { actions: { alwaysDelete: true } })],
    )
    expect(findings.map(({ subject, severity }) => [subject, severity])).toEqual([
      ['id-now', 'blocker'],
      ['id-soon', 'blocker'],
      ['id-late', 'warning'],
      ['id-everywhere', 'blocker'],
    ])
    expect(findings.every(({ code }) => code === 'retention-deletes-before-hold')).toBe(true)
    expect(findings[1]!.message).toContain('"soon" (id-soon)')
    expect(findings[1]!.message).toContain('10 days')
    expect(findings[1]!.message).toContain('2023-10-28')
  })

  it('deletes nothing that the run protects at the source, so that it is a warning', async () => {
    const policies = [
      policy('now', { actions: { deleteRecording: true } }),
      policy('soon', { actions: deleteAfter(10) }),
    ]
    const severities = async (protectsSource: boolean) =>
      (await evaluate(policies, {}, [], { protectsSource })).map(({ severity }) => severity)
    expect(await severities(false)).toEqual(['blocker', 'blocker'])
    expect(await severities(true)).toEqual(['warning', 'warning'])
  })

  it('is overruled by one that keeps everything longer, unless it always deletes', async () => {
    const keeper = policy('keeper', { actions: deleteAfter(10_000) })
    const kept = await evaluate([policy('soon', { actions: deleteAfter(1) }), keeper])
    expect(kept.map(({ severity }) => severity)).toEqual(['warning', 'warning'])
    expect(kept[0]!.message).toContain('its own 1 day, but the policy "keeper" keeps them longer')
    const always = await evaluate([policy('always', { actions: { alwaysDelete: true } }), keeper])
    expect(always.map(({ severity }) => severity)).toEqual(['blocker', 'warning'])
    // Whether a policy for one queue keeps these recordings is not known.
    const narrow = await evaluate([policy('soon', { actions: deleteAfter(1) }), { ...keeper, ...onQueue }])
    expect(narrow.map(({ severity }) => severity)).toEqual(['blocker', 'warning'])
  })

  it('of 25 days is not overruled by one that retains without days', async () => {
    const retained = policy('retained', { actions: { retainRecording: true } })
    const findings = await evaluate([policy('short', { actions: deleteAfter(25) }), retained])
    expect(findings.map(({ subject, severity }) => [subject, severity])).toEqual([['id-short', 'blocker']])
    expect(findings[0]!.message).toContain('the longest term does not win, since the policy "retained" sets no days')
  })

  it('counts only for media and dates in scope', async () => {
    const soon = deleteAfter(1)
    const policies = [
      policy('calls', { actions: soon, mediaPolicies: { callPolicy: { actions: soon, conditions: {} } } }),
      policy('emails', { conditions: { mediaTypes: ['EMAIL'] }, actions: soon }),
      policy('last-year', { conditions: { dateRanges: ['2022-01-01T00:00:00Z/2022-12-31T00:00:00Z'] }, actions: soon }),
      policy('this-year', { conditions: { dateRanges: ['2023-01-01T00:00:00Z/2023-12-31T00:00:00Z'] }, actions: soon }),
    ]
    const subjects = async (given: Partial<ExportRequest>) =>
      (await evaluate(policies, given)).map(({ subject }) => subject)
    expect(await subjects({ mediaTypes: 'digital' })).toEqual(['id-emails', 'id-this-year'])
    expect(await subjects({ mediaTypes: ['call'] })).toEqual(['id-calls', 'id-this-year'])
    expect(await subjects({ mediaTypes: ['message'] })).toEqual(['id-this-year'])
    expect((await evaluate(policies, {}))[0]!.message).toContain('(call, screen)')
  })

  it('is found on every page', async () => {
    const many = Array.from({ length: 130 }, (_, number) => policy(`p${number}`, { actions: deleteAfter(1) }))
    expect(await evaluate(many)).toHaveLength(130)
  })
})

it('has a margin of its own choice, and a connection of its own', async () => {
  await using world = await startWorld([])
  world.simulator.organization.mediaRetentionPolicies.push(policy('ten', { actions: deleteAfter(10) }))
  const severities = async (minimumRetentionDays: number) => {
    const adapter = new GenesysMediaRetentionPolicy({ ...world.connection, minimumRetentionDays })
    return (await adapter.evaluate(context())).map(({ severity }) => severity)
  }
  // The oldest recording in scope is two days old.
  expect(await severities(8)).toEqual(['warning'])
  expect(await severities(8.01)).toEqual(['blocker'])
  expect(() => new GenesysMediaRetentionPolicy({ ...world.connection, minimumRetentionDays: -1 })).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTIONS' }),
  )
})

it('says what it may not read', async () => {
  await using world = await startWorld([], {
    clients: [
      {
        clientId: 'simulator-client',
        clientSecret: 'simulator-secret',
        permissions: ['recording:retentionPolicy:view'],
      },
    ],
  })
  const findings = await new GenesysMediaRetentionPolicy(world.connection).evaluate(context())
  expect(findings).toMatchObject([
    { code: 'permission-missing', severity: 'warning', subject: 'recording:crossPlatformRetentionPolicy:view' },
  ])
})

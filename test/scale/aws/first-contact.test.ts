import { describe, expect, test } from 'vitest'
import { LegalHoldError } from '#src/index.js'
import { MapEngine, S3BatchEngine, S3ShardStore } from '#src/scale-aws.js'
import { SimulatedClock } from '#src/testing/index.js'
import { closedPort } from '../../fakes/ports.js'

const credentials = { accessKeyId: 'a', secretAccessKey: 'b' }

const calls = (endpoint: string, clock: SimulatedClock) => {
  const reached = { region: 'eu-west-1', endpoint, credentials, clock }
  const store = new S3ShardStore({ ...reached, bucket: 'evidence' })
  const engineOptions = { ...reached, bucket: 'evidence', accountId: '111122223333' }
  const batch = new S3BatchEngine({
    ...engineOptions,
    functionArn: 'arn:aws:lambda:eu-west-1:111122223333:function:worker:7',
    roleArn: 'arn:aws:iam::111122223333:role/batch',
  })
  const stateMachineArn = 'arn:aws:states:eu-west-1:111122223333:stateMachine:shards:1'
  const map = new MapEngine({ ...reached, bucket: 'evidence', stateMachineArn })
  return {
    'S3, read': () => store.read('runs/one/plan.json'),
    'S3, create': () => store.create('runs/one/plan.json', Buffer.from('{}')),
    'S3, list': () => store.list('runs/')[Symbol.asyncIterator]().next(),
    'S3 Batch Operations, get': () => batch.get('job'),
    'S3 Batch Operations, find': () => batch.find('token'),
    'Step Functions, get': () => map.get(`${stateMachineArn.replace('stateMachine', 'execution')}:job`),
  }
}

describe('a call outside of a run, where nothing answers', () => {
  test.each(Object.keys(calls('http://127.0.0.1:9', new SimulatedClock())))('%s: fails soon', async (name) => {
    const clock = new SimulatedClock({ now: 0 })
    const port = await closedPort()
    const call = Object.entries(calls(`http://127.0.0.1:${port}`, clock)).find(([one]) => one === name)?.[1]
    const [service] = name.split(',')
    // The second call asks again, and does not wait longer.
    for (let times = 1; times <= 2; times += 1) {
      const begun = clock.now()
      const error: unknown = await call?.().then(
        () => 'answered',
        (one: unknown) => one,
      )
      if (!LegalHoldError.isInstance(error)) throw new Error(`no LegalHoldError: ${String(error)}`)
      expect(error.message).toMatch(
        new RegExp(
          `^${service} did not answer within 15 s \\(connectTimeoutMs\\): 127\\.0\\.0\\.1:${port} was tried \\d+ times`,
        ),
      )
      expect(error.code).toBe('NETWORK_ERROR')
      expect(clock.now() - begun).toBeLessThanOrEqual(15_000)
      expect(clock.now()).toBeGreaterThan(begun)
    }
  })
})

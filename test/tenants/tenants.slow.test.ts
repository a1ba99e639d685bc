import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunReport } from '../../src/model/report.js'
import { startTenants, type Tenant } from './tenants-world.js'

// 20 organisations in one process at once, each with client, token, region, bucket, keys and hold of its own.
const count = 20
let tenants: readonly Tenant[] = []
let reports: readonly RunReport[] = []
let close = async () => {}
const before = { env: '', listeners: '' }
const listeners = () => JSON.stringify(process.eventNames().map((name) => [String(name), process.listenerCount(name)]))

beforeAll(async () => {
  const world = await startTenants(count)
  close = world.close
  tenants = world.tenants
  before.env = JSON.stringify(process.env)
  before.listeners = listeners()
  reports = await Promise.all(tenants.map((tenant) => tenant.run()))
}, 240_000)
afterAll(() => close())

describe('20 tenants at once in one process', () => {
  test('each ends with its own recordings under its own hold', () => {
    expect(reports.length).toBe(count)
    for (const [at, tenant] of tenants.entries()) {
      const report = reports[at]!
      expect(report.outcome, tenant.name).toBe('complete')
      expect(report.counts.expected).toBe(tenant.recordings)
      expect(report.hold.tag).toBe(tenant.tag)
      expect(report.platform.organizationId).toBe(tenant.organizationId)
      expect(report.storage).toMatchObject({ bucket: tenant.bucket, region: tenant.region })
      const keys = tenant.s3.keys(tenant.bucket)
      expect(keys.length).toBeGreaterThanOrEqual(tenant.recordings)
      for (const key of keys) {
        const tags = tenant.s3.object(tenant.bucket, key)?.metadata
        expect(JSON.stringify(tags), `${tenant.name} ${key}`).toContain(JSON.stringify(tenant.tag))
      }
    }
    expect(new Set(reports.map(({ runId }) => runId)).size).toBe(count)
  })

  test('each request to a platform carries a token that this platform gave this client', () => {
    for (const { name, tokens, platformRequests } of tenants) {
      const basic = `Basic ${Buffer.from(`client-of-${name}:client-secret-of-${name}`).toString('base64')}`
      const logins = platformRequests.filter(({ target }) => target.endsWith('/oauth/token'))
      const calls = platformRequests.filter(({ target }) => !target.endsWith('/oauth/token'))
      // It expired while the others were at work.
      expect(tokens.size, name).toBeGreaterThan(1)
      expect(new Set(logins.map(({ credential }) => credential))).toEqual(new Set([basic]))
      expect(calls.length).toBeGreaterThan(5)
      for (const { target, credential } of calls) {
        const [scheme = '', token = ''] = credential.split(' ')
        expect(scheme.toLowerCase(), target).toBe('bearer')
        expect(tokens.has(token), `${name}: ${target} with a token of another`).toBe(true)
      }
    }
    const all = tenants.flatMap(({ tokens }) => [...tokens])
    expect(new Set(all).size).toBe(all.length)
  })

  test('each request to a bucket is signed with the keys, the region and the session of its tenant, and asks for its keys', () => {
    for (const { name, region, accessKeyId, sessionToken, organizationId, bucketRequests } of tenants) {
      expect(bucketRequests.length, name).toBeGreaterThan(5)
      expect(bucketRequests.filter(({ target }) => target.includes(organizationId)).length).toBeGreaterThan(5)
      for (const { target, credential } of bucketRequests) {
        expect(credential, `${name}: ${target}`).toMatch(
          new RegExp(`Credential=${accessKeyId}/\\d{8}/${region}/s3/aws4_request.* ${sessionToken}$`),
        )
        // A request that was made up with the address and the keys of another tenant looks right, but for its key.
        const ids = target.match(/00000000-0000-4000-8000-\d{12}/g) ?? []
        expect(new Set([...ids, organizationId]), `${name}: ${target}`).toEqual(new Set([organizationId]))
      }
    }
  })

  test('no report and no journal names another tenant, or a secret', async () => {
    for (const [at, tenant] of tenants.entries()) {
      const texts = [JSON.stringify(reports[at])]
      for await (const record of tenant.journal.entries()) texts.push(JSON.stringify(record))
      const text = texts.join('\n')
      expect(texts.length).toBeGreaterThan(5)
      expect(text).toContain(tenant.tag)
      for (const { name, tokens, sessionToken } of tenants) {
        if (name !== tenant.name)
          expect(new RegExp(`${name}(?!\\d)`).test(text), `${tenant.name} tells ${name}`).toBe(false)
        for (const secret of [sessionToken, `secret-of-${name}`, ...tokens]) expect(text.includes(secret)).toBe(false)
      }
    }
  })

  test('nothing of the process is changed: no environment variable, no listener', () => {
    expect(JSON.stringify(process.env)).toBe(before.env)
    expect(listeners()).toBe(before.listeners)
  })
})

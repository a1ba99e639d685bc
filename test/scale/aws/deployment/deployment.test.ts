import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { deploymentTemplate, scalePolicies, stateMachineDefinition } from '../../../../src/scale-aws.js'
import { DistributedMapSimulator } from '../../../../src/testing/index.js'
import { functionArn } from '../world.js'

interface Property {
  readonly Required?: boolean
  readonly PrimitiveType?: string
  readonly Type?: string
  readonly ItemType?: string
  readonly PrimitiveItemType?: string
}
type Properties = Readonly<Record<string, Property>>
const published = JSON.parse(readFileSync(new URL('./resource-specification.json', import.meta.url), 'utf8')) as {
  readonly resources: Readonly<Record<string, Properties>>
  readonly properties: Readonly<Record<string, Properties>>
}

const isFunction = (value: unknown) =>
  typeof value === 'object' && value !== null && /^(Ref|Fn::\w+)$/.test(Object.keys(value)[0] ?? '')

/** What is wrong with the properties of a resource, by the published specification. */
function violations(given: object, properties: Properties | undefined, resource: string, at: string): string[] {
  if (properties === undefined) return [`${at}: nothing is published of it`]
  const missing = Object.keys(properties).filter((name) => properties[name]?.Required && !Object.hasOwn(given, name))
  return [
    ...missing.map((name) => `${at}: ${name} is missing`),
    ...Object.entries(given).flatMap(([name, value]) =>
      valueViolations(value, properties[name], resource, `${at}.${name}`),
    ),
  ]
}

function valueViolations(value: unknown, property: Property | undefined, resource: string, at: string): string[] {
  if (property === undefined) return [`${at} does not exist`]
  if (isFunction(value)) return []
  const { PrimitiveType: primitive, Type: type, ItemType: item } = property
  if (primitive === 'String') return typeof value === 'string' ? [] : [`${at} must be a text`]
  if (primitive === 'Integer') return Number.isInteger(value) ? [] : [`${at} must be a whole number`]
  if (primitive === 'Boolean') return typeof value === 'boolean' ? [] : [`${at} must be true or false`]
  if (primitive === 'Json' || type === 'Map') return typeof value === 'object' ? [] : [`${at} must be an object`]
  const typeOf = (name: string) => published.properties[`${resource}.${name}`]
  if (type === 'List') {
    if (!Array.isArray(value)) return [`${at} must be a list`]
    if (item === undefined) return []
    return value.flatMap((one, index) => violations(one as object, typeOf(item), resource, `${at}[${index}]`))
  }
  return violations(value as object, typeOf(type ?? ''), resource, at)
}

const options = {
  evidenceBucket: 'evidence',
  recordings: { bucket: 'recordings', legalHold: true, tags: true },
  code: { bucket: 'artifacts', key: 'worker.zip', versionId: 'v' },
  environment: { LOG: 'debug' },
}

describe('the template', () => {
  const template = deploymentTemplate(options)

  test('has no property that the published specification does not have, and all that it requires', () => {
    const found = Object.entries(template.Resources).flatMap(([name, { Type, Properties: given }]) =>
      violations(given, published.resources[Type], Type, name),
    )
    expect(found).toEqual([])
  })

  test('would be found out', () => {
    const of = (given: object) =>
      violations(given, published.resources['AWS::Lambda::Function'], 'AWS::Lambda::Function', 'F')
    expect(of({ Code: { Bucket: 'x' }, Role: 1, Timeout: 'x', Foo: 1 })).toEqual([
      'F.Code.Bucket does not exist',
      'F.Role must be a text',
      'F.Timeout must be a whole number',
      'F.Foo does not exist',
    ])
    expect(of({})).toEqual(['F: Code is missing', 'F: Role is missing'])
  })

  test('refers to nothing that it does not have', () => {
    const text = JSON.stringify(template)
    const names = [...text.matchAll(/"(?:Ref":"|Fn::GetAtt":\[")([^"]+)"/g)].map(([, name]) => name)
    expect(names.length).toBeGreaterThan(5)
    const others = names.filter((name) => !name?.startsWith('AWS::'))
    expect(others.filter((name) => !Object.hasOwn(template.Resources, name ?? ''))).toEqual([])
    expect(text).not.toMatch(/"(?!Fn::Sub)[^"]*":"[^"]*\$\{AWS::/)
  })

  test('keeps the evidence, and locks it', () => {
    expect(template.Resources.EvidenceBucket).toMatchObject({
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: { ObjectLockEnabled: true, VersioningConfiguration: { Status: 'Enabled' } },
    })
  })

  test('tells the function which buckets it works on, beside what the caller tells it', () => {
    const variablesOf = (environment?: Readonly<Record<string, string>>) =>
      deploymentTemplate({ ...options, environment }).Resources.Worker?.Properties.Environment
    const buckets = { EVIDENCE_BUCKET: 'evidence', EXPORT_BUCKET: 'recordings' }
    expect(variablesOf()).toEqual({ Variables: buckets })
    expect(variablesOf({ LOG: 'debug', EXPORT_BUCKET: 'other' })).toEqual({
      Variables: { ...buckets, LOG: 'debug', EXPORT_BUCKET: 'other' },
    })
  })

  test('publishes another version of the function for another release', () => {
    const next = deploymentTemplate({ ...options, release: 2 })
    expect(Object.keys(template.Resources)).toContain('WorkerVersion1')
    expect(Object.keys(next.Resources)).toContain('WorkerVersion2')
    expect(next.Outputs.FunctionArn?.Value).toEqual({ Ref: 'WorkerVersion2' })
  })
})

describe('the policies', () => {
  const policies = scalePolicies({
    accountId: '123456789012',
    region: 'eu-west-1',
    evidenceBucket: 'evidence',
    recordings: { bucket: 'recordings', legalHold: true, retention: true },
  })
  const statements = [
    ...policies.job.policy.Statement,
    ...policies.map.policy.Statement,
    ...policies.worker.policy.Statement,
    ...policies.coordinator.Statement,
  ]

  test('delete nothing, bypass nothing, and have no wildcard among their actions', () => {
    const actions = statements.flatMap(({ Action }) => Action)
    expect(actions.length).toBeGreaterThan(30)
    expect(actions.filter((action) => /Delete|Bypass|\*/.test(action))).toEqual([])
  })

  test('name their resources but where the service knows none', () => {
    const open = statements.filter(({ Resource }) => Resource === undefined || Resource.includes('*'))
    expect(open.map(({ Sid }) => Sid)).toEqual(['CreateJobs'])
  })

  test('have statements of one name each, as IAM demands', () => {
    for (const { Statement } of [
      policies.job.policy,
      policies.map.policy,
      policies.worker.policy,
      policies.coordinator,
    ]) {
      const sids = Statement.map(({ Sid }) => Sid)
      expect(new Set(sids).size).toBe(sids.length)
      expect(sids.filter((sid) => !/^[A-Za-z0-9]+$/.test(sid))).toEqual([])
    }
  })

  test('let the coordinator see what doctor looks at, and read inventories where there is a bucket of them', () => {
    const rights = (Statement: typeof policies.coordinator.Statement) =>
      Statement.flatMap(({ Action, Resource = [] }) =>
        Resource.flatMap((arn) => Action.map((action) => `${action} ${arn}`)),
      )
    const store = 'arn:aws:s3:::evidence'
    expect(rights(policies.coordinator.Statement)).toEqual(
      expect.arrayContaining([`s3:GetBucketVersioning ${store}`, `s3:GetBucketObjectLockConfiguration ${store}`]),
    )
    const options = {
      accountId: '123456789012',
      region: 'eu-west-1',
      evidenceBucket: 'evidence',
      recordings: { bucket: 'recordings' },
    }
    const ofInventories = (inventoryBucket?: string) => {
      const { coordinator, worker } = scalePolicies({ ...options, inventoryBucket })
      expect(rights(worker.policy.Statement).join()).not.toContain('inventories')
      return rights(coordinator.Statement).filter((right) => right.includes('inventories'))
    }
    expect(ofInventories()).toEqual([])
    expect(ofInventories('inventories')).toEqual([
      's3:ListBucket arn:aws:s3:::inventories',
      's3:GetObject arn:aws:s3:::inventories/*',
    ])
    const { CoordinatorPolicy } = deploymentTemplate({
      ...options,
      code: { bucket: 'artifacts', key: 'worker.zip' },
      inventoryBucket: 'inventories',
    }).Resources
    expect(JSON.stringify(CoordinatorPolicy)).toContain(':s3:::inventories/*')
  })

  test('let only the service take a role, and only for this account', () => {
    const { job, map, worker } = policies
    expect([job, map, worker].map(({ trust }) => trust.Statement[0]?.Principal?.Service)).toEqual([
      'batchoperations.s3.amazonaws.com',
      'states.amazonaws.com',
      'lambda.amazonaws.com',
    ])
    expect(job.trust.Statement[0]?.Condition).toEqual({ StringEquals: { 'aws:SourceAccount': '123456789012' } })
  })

  test('the engines may touch their own part of the evidence only', () => {
    const ofBucket = [...policies.job.policy.Statement, ...policies.map.policy.Statement]
      .flatMap(({ Resource = [] }) => Resource)
      .filter((arn) => arn.includes(':s3:::'))
    expect(new Set(ofBucket)).toEqual(new Set(['arn:aws:s3:::evidence/engine/*']))
  })
})

test('the state machine is one that the simulator runs, in other partitions as well', () => {
  const definition = stateMachineDefinition({ functionArn })
  const storage = {
    endpoint: 'http://127.0.0.1:1',
    region: 'eu-west-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  }
  expect(() => new DistributedMapSimulator({ storage, stateMachines: { m: definition }, functions: {} })).not.toThrow()
  const china = stateMachineDefinition({ functionArn: functionArn.replace('arn:aws:', 'arn:aws-cn:') })
  expect(JSON.stringify(china)).not.toContain('arn:aws:')
})

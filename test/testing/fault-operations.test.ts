import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test, vi } from 'vitest'
import { LegalHoldError, LegalHoldExporter } from '#src/index.js'
import { genesysFaultOperations, s3FaultOperations } from '#src/testing/fault-operations.js'
import {
  aConversation,
  aFault,
  anOrganization,
  aRecording,
  expectHeld,
  FaultScript,
  S3Simulator,
} from '#src/testing/index.js'
import { operationNames } from '#src/testing/s3/routes.js'
import { simulate } from './genesys/fixture.js'

describe('names of faults', () => {
  test('are those of the routes', () => {
    expect([...s3FaultOperations].sort()).toEqual([...new Set(operationNames())].sort())
    const folder = fileURLToPath(new URL('../../src/testing/genesys/routes/', import.meta.url))
    const text = readdirSync(folder)
      .map((file) => readFileSync(`${folder}${file}`, 'utf8'))
      .join('\n')
    const named = [...text.matchAll(/operation: '(\w+)'/g)].map(([, name]) => name)
    expect([...genesysFaultOperations].sort()).toEqual([...new Set([...named, 'requestToken'])].sort())
  })

  test('are a type, so that a typo does not compile', () => {
    // @ts-expect-error there is no such operation
    expect(() => aFault('CopyObjekt')).toThrow(LegalHoldError)
  })

  test.each([
    ['CopyObjekt', '; did you mean CopyObject?'],
    ['createRecordingjob', '; did you mean createRecordingJob?'],
    ['Nope', ''],
    [undefined, ''],
  ])('are refused in plain JavaScript where there is no such operation: %s', (name, hint) => {
    const wrong = () => aFault(name as never)
    expect(wrong).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS', stage: 'options' }))
    expect(wrong).toThrow(`is not the name of an operation of the simulators${hint}`)
  })
})

describe('a fault that never fired', () => {
  const organization = anOrganization().with(aConversation('whatsapp').with(aRecording()))

  test('fails the test when its world is closed, and is named', async () => {
    const world = await organization.with(aFault('RestoreObject').answering(503)).start()
    await expect(world.close()).rejects.toThrow('1 fault(s) that never fired:\n  respond for RestoreObject')
    // Called again, closing does nothing.
    await world.close()
  })

  test('is none once it hit a request', async () => {
    const world = await organization.with(aFault('CopyObject').answeringAfter(503)).start()
    const exporter = new LegalHoldExporter({ ...world.ports, hold: { tag: 'm-1' } })
    await exporter.run(world.request)
    world.expectFired()
    await expectHeld(world.bucket, (await firstKey(world.bucket)) ?? '', 'm-1')
    await world.close()
  })

  test.each([
    ['Genesys Cloud', () => simulate([]).simulator],
    ['S3', () => new S3Simulator()],
  ])('fails the closing of a single simulator that is asked to, and is a warning otherwise: %s', async (_, make) => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    try {
      const simulator = make()
      const action = { kind: 'respond', status: 503 } as const
      simulator.faults.add({ match: { operation: 'HeadObject' }, action, times: 100 })
      simulator.faults.add({ match: { operation: 'CopyObject' }, action })
      await simulator.faults.apply(
        { method: 'HEAD', target: '/b/k', operation: 'HeadObject' },
        async () => new Response(),
      )
      expect(() => simulator.faults.expectFired()).toThrow('1 fault(s) that never fired:\n  respond for CopyObject')
      await expect(async () => simulator.close({ expectFired: true })).rejects.toThrow('respond for CopyObject')
      await simulator.close()
      const other = make()
      other.faults.add({ match: { operation: 'CopyObject' }, action })
      await other.close()
      await other.close()
      expect(warned.mock.calls).toEqual([[expect.stringContaining('respond for CopyObject'), 'UnfiredFault']])
    } finally {
      warned.mockRestore()
    }
  })

  test('of a world is not told a second time by its simulators', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    try {
      const world = await organization.with(aFault('RestoreObject').answering(503)).start()
      await expect(world.close()).rejects.toThrow('1 fault(s)')
      expect(warned).not.toHaveBeenCalled()
    } finally {
      warned.mockRestore()
    }
  })

  test('is known to the script of a single simulator', async () => {
    const faults = new FaultScript()
    faults.add({ match: { operation: 'HeadObject' }, action: { kind: 'respond', status: 503 } })
    expect(faults.unfired).toHaveLength(1)
    await faults.apply({ method: 'HEAD', target: '/b/k', operation: 'HeadObject' }, async () => new Response())
    expect(faults.unfired).toEqual([])
  })
})

async function firstKey(bucket: { list(prefix: string): AsyncIterable<{ key: string }> }): Promise<string | undefined> {
  for await (const { key } of bucket.list('')) return key
  return undefined
}

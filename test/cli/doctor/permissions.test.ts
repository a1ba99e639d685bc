import { expect, test } from 'vitest'
import { permissionChecks } from '#src/cli/doctor/services.js'
import { LegalHoldExporter } from '#src/index.js'
import { aConversation, anOrganization } from '#src/testing/index.js'

const genesys = 'recording:job:add'

async function resultOf(refused: readonly string[]) {
  await using world = await anOrganization().with(aConversation()).start()
  for (const operation of refused) {
    const action = { kind: 'respond', status: 403, body: '{"status":403}' } as const
    world.genesys.faults.add({ match: { operation }, action, times: 100 })
  }
  const { findings } = await new LegalHoldExporter({ ...world.ports, hold: { tag: 'x' } }).inspect(world.request)
  const checks = permissionChecks(world.ports as never, {}, findings)
  return checks.find(({ subject }) => subject === genesys)?.result
}

test.each([
  ['is ok where the roles grant it', [], 'ok'],
  ['is not known where the roles cannot be read', ['getSubject'], 'skipped'],
  ['is known where only the divisions cannot be read', ['listDivisions'], 'ok'],
])('a permission %s', async (_, refused, result) => {
  expect(await resultOf(refused)).toBe(result)
})

import { randomUUID } from 'node:crypto'
import { type ByteAnswer, ByteProxy, type ByteRequest, type Fate, withHeader } from './byte-proxy.js'
import { type GenesysShape, genesysWorld, outcomeOf } from './matrix-world.js'
import { doubled, foreign, type Kind, stale, type Wording } from './whose-kinds.js'

const correlationId = 'inin-correlation-id'

const ofGenesys: Wording = {
  aboutOf: ({ target, body }) => `${target} ${body}`,
  madeAnew: (answer) => withHeader(answer, correlationId, randomUUID()),
}
/** What a request is about: its path and query, and what it asks for in its body. */
export const aboutOf = ofGenesys.aboutOf

const named = new Set(['id', 'selfUri', 'conversationId', 'jobId', 'recordingId'])

/** Nothing that tells whose answer it is: no correlation id, and no id of what was asked for. */
const absent: Kind = {
  name: 'absent',
  isMetBy: () => true,
  begin: () => (_, answer) => ({
    answer: withHeader({ ...answer, body: withoutIds(answer.body) }, correlationId, undefined),
  }),
}

function withoutIds(body: Buffer): Buffer {
  if (body.length === 0) return body
  const answer: unknown = JSON.parse(body.toString())
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return body
  return Buffer.from(JSON.stringify(Object.fromEntries(Object.entries(answer).filter(([name]) => !named.has(name)))))
}

export const passingKinds: readonly Kind[] = [
  doubled,
  stale('stale', true, ofGenesys),
  foreign('foreign', true, ofGenesys),
]
export const lastingKinds: readonly Kind[] = [
  doubled,
  stale('stale', false, ofGenesys),
  foreign('foreign', false, ofGenesys),
  absent,
]

/** How a run ends while answers of Genesys Cloud are not those to their requests, and which kinds of requests met that. */
export async function runUnder(
  shape: Pick<GenesysShape, 'surface' | 'loses'>,
  decide: (request: ByteRequest, answer: ByteAnswer) => Fate,
) {
  const met = new Set<string>()
  let proxy: ByteProxy | undefined
  const world = await genesysWorld(
    {
      ...shape,
      conversations: 3,
      through: async (endpoint, simulator) => {
        proxy = new ByteProxy(endpoint)
        proxy.nameOf = ({ method, target }) =>
          simulator.requests.findLast((one) => one.method === method && one.target === target)?.operation ?? target
        proxy.fate = (request, answer) => {
          const fate = decide(request, answer)
          if (fate.answer !== undefined || fate.again !== undefined) met.add(request.operation)
          return fate
        }
        return proxy.listen()
      },
    },
    { totalTimeoutMs: 60_000 },
    // On a slow machine a second request in place of a slow answer would count as one more.
    30_000,
  )
  try {
    const outcome = await outcomeOf(world.run())
    return { outcome, met, wrongs: world.wrongs(), requests: proxy?.requests ?? [] }
  } finally {
    await proxy?.close()
    await world.close()
  }
}

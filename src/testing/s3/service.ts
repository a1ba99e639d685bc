import { realTimers } from '../../internal/waits/real-timers.js'
import type { Clock } from '../../ports/runtime.js'
import type { FaultScript } from '../faults.js'
import { type Answer, hasField, toResponse } from '../http/answer.js'
import { authenticate } from './auth/authentication.js'
import type { S3SimulatorCredentials } from './auth/identity.js'
import { Call, type Simulation } from './call.js'
import { S3Error } from './http/errors.js'
import { randomSlice } from './http/random.js'
import { readRequest, type S3Request, type SentRequest } from './http/request.js'
import type { RequestLog } from './http/request-log.js'
import { type AnswerIds, asS3Error, errorAnswer } from './http/respond.js'
import { httpDate } from './http/time.js'
import { findRoute, type Route } from './routes.js'

/** How requests are judged and answered. */
export interface ServiceSettings {
  readonly credentials: ReadonlyMap<string, S3SimulatorCredentials>
  readonly clock: Clock
  readonly latencyMs: number
  readonly verifySignatures: boolean
  readonly maxClockSkewMs: number
  readonly faults: FaultScript
  readonly log: RequestLog
}

/** From a request to its answer. */
export class S3Service {
  readonly #simulation: Simulation
  readonly #settings: ServiceSettings

  constructor(simulation: Simulation, settings: ServiceSettings) {
    this.#simulation = simulation
    this.#settings = settings
  }

  /** Answers one request. */
  async reply(sent: SentRequest, ownDelivery: boolean): Promise<Answer | Response> {
    const ids = newIds()
    const { latencyMs, faults, log } = this.#settings
    if (latencyMs > 0) await new Promise((resolve) => realTimers.setTimeout(resolve, latencyMs))
    let read: S3Request | undefined
    const outcome: Outcome = { operation: 'Unknown', versionId: undefined, errorCode: undefined }
    let reply: Answer | Response
    try {
      const parsed = readRequest(sent)
      read = parsed
      const found = findRoute(parsed)
      outcome.operation = found.name
      reply = await this.#underFaults(parsed, { operation: found.name, ownDelivery }, () =>
        this.#answer(parsed, found, { ids, outcome }),
      )
    } catch (error) {
      const s3Error = asS3Error(error)
      outcome.errorCode = s3Error.code
      // What S3 has no operation for: strict mode is to hear of it too.
      const { method, target } = sent
      if (outcome.operation === 'Unknown') faults.refuse({ method, target, operation: 'Unknown' })
      const resource = read?.rawPath ?? withoutQuery(target)
      reply = errorAnswer(s3Error, resource, ids, method === 'HEAD')
    }
    if (read !== undefined) log.add(read, { ...outcome, status: reply.status })
    return this.#stamped(reply, ids)
  }

  /** Only a request that a fault may hit is made a `Response` of, which is what faults are scripted with. */
  async #underFaults(
    { method, target }: S3Request,
    { operation, ownDelivery }: { readonly operation: string; readonly ownDelivery: boolean },
    work: () => Promise<Answer>,
  ): Promise<Answer | Response> {
    const { faults } = this.#settings
    const faulted = { method, target, operation }
    if (ownDelivery || !faults.concerns(faulted)) return work()
    return faults.apply(faulted, async () => toResponse(await work()))
  }

  async #answer(
    request: S3Request,
    route: Route,
    { ids, outcome }: { readonly ids: AnswerIds; readonly outcome: Outcome },
  ): Promise<Answer> {
    outcome.versionId = request.query.get('versionId')
    try {
      const call = this.#authenticate(request)
      this.#checkPlace(request, call)
      const answer = await route.run(call)
      outcome.versionId = call.versionId ?? outcome.versionId
      return answer
    } catch (error) {
      const s3Error = asS3Error(error)
      outcome.errorCode = s3Error.code
      return errorAnswer(s3Error, request.rawPath, ids, request.method === 'HEAD')
    }
  }

  #authenticate(request: S3Request): Call {
    const nowMs = this.#settings.clock.now()
    const bucketRegion = this.#simulation.store.buckets.get(request.bucket ?? '')?.settings.region
    const authenticated = authenticate(request, {
      credentials: this.#settings.credentials,
      verifySignatures: this.#settings.verifySignatures,
      maxClockSkewMs: this.#settings.maxClockSkewMs,
      nowMs,
      regions: [this.#simulation.region, bucketRegion ?? this.#simulation.region],
    })
    return new Call(this.#simulation, request, authenticated, nowMs)
  }

  /** A bucket of another region is only reached by requests that are signed for that region. */
  #checkPlace(request: S3Request, call: Call): void {
    call.checkOwner('x-amz-expected-bucket-owner')
    const settings = this.#simulation.store.buckets.get(request.bucket ?? '')?.settings
    if (settings === undefined || settings.region === this.#simulation.region || call.signedRegion === settings.region)
      return
    throw new S3Error('PermanentRedirect', {
      details: [
        ['Endpoint', `${settings.name}.s3.${settings.region}.amazonaws.com`],
        ['Bucket', settings.name],
      ],
      headers: { 'x-amz-bucket-region': settings.region },
    })
  }

  #stamped(reply: Answer | Response, { requestId, hostId }: AnswerIds): Answer | Response {
    const date = httpDate(this.#settings.clock.now())
    if (reply instanceof Response) {
      const stamps = { 'x-amz-request-id': requestId, 'x-amz-id-2': hostId, date, server: 'AmazonS3' }
      const { headers, type } = reply
      if (type !== 'error') {
        for (const [name, value] of Object.entries(stamps)) if (!headers.has(name)) headers.set(name, value)
      }
      return reply
    }
    const { status, headers, body } = reply
    const stamped = [...headers, 'x-amz-request-id', requestId, 'x-amz-id-2', hostId, 'server', 'AmazonS3']
    // An error may say which time it was judged by.
    if (!hasField(reply, 'date')) stamped.push('date', date)
    return { status, headers: stamped, body }
  }
}

function newIds(): AnswerIds {
  return {
    requestId: randomSlice(8).toString('hex').toUpperCase(),
    hostId: randomSlice(56).toString('base64'),
  }
}

function withoutQuery(target: string): string {
  const at = target.indexOf('?')
  return at < 0 ? target : target.slice(0, at)
}

/** What the log tells of a request, as far as it is known. */
interface Outcome {
  operation: string
  versionId: string | undefined
  errorCode: string | undefined
}

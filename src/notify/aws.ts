import type { PutEventsCommandOutput } from '@aws-sdk/client-eventbridge'
import { checkAwsEndpoint } from '../internal/aws/secure-endpoint.js'
import { type AwsFailure, withAwsClient } from '../internal/aws/with-client.js'
import { OptionCheck } from '../internal/option-check.js'
import { loadPackage } from '../internal/package/optional-package.js'
import { LegalHoldError } from '../model/errors.js'
import type { Notice, Notifier } from '../ports/notifier.js'

/** How an AWS service is reached. The AWS SDK finds the credentials. */
export interface AwsNotifierOptions {
  /** @defaultValue that of the ARN, otherwise that of the environment */
  readonly region?: string | undefined
  /** Another server. Plain `http:` is refused (`INSECURE_ENDPOINT`) unless the host is loopback. */
  readonly endpoint?: string | undefined
}

/** Options of {@link snsNotifier}. */
export interface SnsNotifierOptions extends AwsNotifierOptions {
  readonly topicArn: string
}

/** Options of {@link eventBridgeNotifier}. */
export interface EventBridgeNotifierOptions extends AwsNotifierOptions {
  /** Name or ARN of the bus. */
  readonly bus: string
}

/** `source` of the events on a bus; `detail-type` is the kind of the notice. */
export const eventSource = 'genesys-legal-hold-exporter'

const stage = 'report'
const sns = 'Amazon SNS'
const eventBridge = 'Amazon EventBridge'

/** Publishes a notice to a topic of Amazon SNS. It needs `@aws-sdk/client-sns`, an optional peer. */
export function snsNotifier({ topicArn, region, endpoint }: SnsNotifierOptions): Notifier {
  // A wrong one would be noticed only at the end of the run, which nobody then hears of.
  const isArn = /^arn:[\w-]+:sns:[\w-]*:\d*:\S+$/.test(topicArn ?? '')
  const problem = 'must be the ARN of a topic of Amazon SNS'
  requireOf('snsNotifier', { name: 'topicArn', isRight: isArn, problem, service: sns, endpoint })
  return async (notice, { signal }) => {
    const { SNSClient, PublishCommand } = await loadSns()
    const command = new PublishCommand({
      TopicArn: topicArn,
      Subject: subjectOf(notice),
      Message: JSON.stringify(notice),
      MessageAttributes: { kind: { DataType: 'String', StringValue: notice.kind } },
    })
    const place = { service: 'SNS', name: sns, region: region ?? regionOfArn(topicArn), endpoint } as const
    await withAwsClient(place, {
      open: (settings) => new SNSClient(settings),
      send: (client) => client.send(command, signalOf(signal)),
      failure: failureOf(sns),
    })
  }
}

/** Puts a notice on a bus of Amazon EventBridge. It needs `@aws-sdk/client-eventbridge`, an optional peer. */
export function eventBridgeNotifier({ bus, region, endpoint }: EventBridgeNotifierOptions): Notifier {
  const isNamed = typeof bus === 'string' && bus !== ''
  const problem = 'must be a text'
  requireOf('eventBridgeNotifier', { name: 'bus', isRight: isNamed, problem, service: eventBridge, endpoint })
  return async (notice, { signal }) => {
    const { EventBridgeClient, PutEventsCommand } = await loadEventBridge()
    const entry = { EventBusName: bus, Source: eventSource, DetailType: notice.kind, Detail: JSON.stringify(notice) }
    const command = new PutEventsCommand({ Entries: [entry] })
    const place = { service: 'EVENTBRIDGE', name: eventBridge, region: region ?? regionOfArn(bus), endpoint } as const
    await withAwsClient(place, {
      open: (settings) => new EventBridgeClient(settings),
      send: async (client) => {
        const answer = await client.send(command, signalOf(signal))
        // A refused entry is HTTP 200.
        if ((answer.FailedEntryCount ?? 0) > 0) throw refusalIn(answer)
      },
      failure: failureOf(eventBridge),
    })
  }
}

/** @throws LegalHoldError `MISSING_DEPENDENCY` */
export function loadSns() {
  return loadPackage({
    name: '@aws-sdk/client-sns',
    stage,
    load: () => import('@aws-sdk/client-sns'),
    isWhole: (loaded) => typeof loaded.SNSClient === 'function',
  })
}

/** @throws LegalHoldError `MISSING_DEPENDENCY` */
export function loadEventBridge() {
  return loadPackage({
    name: '@aws-sdk/client-eventbridge',
    stage,
    load: () => import('@aws-sdk/client-eventbridge'),
    isWhole: (loaded) => typeof loaded.EventBridgeClient === 'function',
  })
}

function signalOf(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal }
}

const failureOf =
  (service: string) =>
  ({ what, ...rest }: AwsFailure): LegalHoldError =>
    new LegalHoldError(`${service} did not take the notice: ${what}.`, { code: 'NETWORK_ERROR', stage, ...rest })

function refusalIn({ Entries, $metadata }: PutEventsCommandOutput): Error {
  const [{ ErrorCode: name = 'a refused entry', ErrorMessage: message = 'no message' } = {}] = Entries ?? []
  return Object.assign(new Error(message), { name, $metadata })
}

function regionOfArn(arn: string): string | undefined {
  const [head, , , region] = arn.split(':')
  return head === 'arn' && region ? region : undefined
}

/** Amazon SNS takes 100 characters of ASCII. */
function subjectOf({ kind, hold, outcome, error, verification }: Notice): string {
  const what = outcome ?? error?.code ?? verification?.status ?? kind
  return `Legal hold ${hold.tag}: ${what}`.replace(/[^\x20-\x7e]/g, '?').slice(0, 100)
}

/** What a notifier cannot do without, and where it sends. */
interface Required {
  readonly name: string
  readonly isRight: boolean
  readonly problem: string
  readonly service: string
  readonly endpoint: string | undefined
}

function requireOf(of: string, { name, isRight, problem, service, endpoint }: Required): void {
  const mistakes = new OptionCheck(`The options of ${of}`)
  mistakes.check(isRight, name, problem)
  checkAwsEndpoint(endpoint, service, mistakes)
  mistakes.throwIfAny()
}

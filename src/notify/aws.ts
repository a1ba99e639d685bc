import { OptionCheck } from '../internal/option-check.js'
import { loadPackage } from '../internal/package/optional-package.js'
import { clientSettings } from '../internal/proxy/client-settings.js'
import { LegalHoldError } from '../model/errors.js'
import type { Notice, Notifier } from '../ports/notifier.js'

/** How an AWS service is reached. The AWS SDK finds the credentials. */
export interface AwsNotifierOptions {
  /** @defaultValue that of the ARN, otherwise that of the environment */
  readonly region?: string | undefined
  /** Another server. */
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

/** Publishes a notice to a topic of Amazon SNS. It needs `@aws-sdk/client-sns`, an optional peer. */
export function snsNotifier({ topicArn, region, endpoint }: SnsNotifierOptions): Notifier {
  // A wrong one would be noticed only at the end of the run, which nobody then hears of.
  const isArn = /^arn:[\w-]+:sns:[\w-]*:\d*:\S+$/.test(topicArn ?? '')
  requireOf('snsNotifier', { name: 'topicArn', isRight: isArn }, 'must be the ARN of a topic of Amazon SNS')
  return async (notice, { signal }) => {
    const { SNSClient, PublishCommand } = await loadSns()
    const client = new SNSClient(clientSettings(region ?? regionOfArn(topicArn), endpoint))
    const command = new PublishCommand({
      TopicArn: topicArn,
      Subject: subjectOf(notice),
      Message: JSON.stringify(notice),
      MessageAttributes: { kind: { DataType: 'String', StringValue: notice.kind } },
    })
    await sent('Amazon SNS', client, () => client.send(command, signalOf(signal)))
  }
}

/** Puts a notice on a bus of Amazon EventBridge. It needs `@aws-sdk/client-eventbridge`, an optional peer. */
export function eventBridgeNotifier({ bus, region, endpoint }: EventBridgeNotifierOptions): Notifier {
  const isNamed = typeof bus === 'string' && bus !== ''
  requireOf('eventBridgeNotifier', { name: 'bus', isRight: isNamed }, 'must be a text')
  return async (notice, { signal }) => {
    const { EventBridgeClient, PutEventsCommand } = await loadEventBridge()
    const client = new EventBridgeClient(clientSettings(region ?? regionOfArn(bus), endpoint))
    const entry = { EventBusName: bus, Source: eventSource, DetailType: notice.kind, Detail: JSON.stringify(notice) }
    const answer = await sent('Amazon EventBridge', client, () =>
      client.send(new PutEventsCommand({ Entries: [entry] }), signalOf(signal)),
    )
    // A refused entry is HTTP 200.
    const [refused] = answer.Entries ?? []
    if ((answer.FailedEntryCount ?? 0) === 0) return
    throw failure('Amazon EventBridge', refused?.ErrorCode ?? 'a refused entry', undefined)
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

async function sent<T>(service: string, client: { destroy(): void }, send: () => Promise<T>): Promise<T> {
  try {
    return await send()
  } catch (error) {
    throw failure(service, (error as Error | undefined)?.name ?? 'an unknown failure', error)
  } finally {
    client.destroy()
  }
}

function failure(service: string, what: string, cause: unknown): LegalHoldError {
  return new LegalHoldError(`${service} did not take the notice: ${what}.`, { code: 'NETWORK_ERROR', stage, cause })
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

function requireOf(of: string, option: { readonly name: string; readonly isRight: boolean }, problem: string): void {
  const mistakes = new OptionCheck(`The options of ${of}`)
  mistakes.check(option.isRight, option.name, problem)
  mistakes.throwIfAny()
}

import { eventBridgeNotifier, snsNotifier } from '../../notify/aws.js'
import { webhookNotifier } from '../../notify/webhook.js'
import type { Notice, Notifier } from '../../ports/notifier.js'
import type { FlagSpec } from '../command.js'
import { refuseUnset } from '../config/connect.js'
import type { Resolved } from '../config/resolve.js'
import { shown, type Terminal } from '../terminal.js'

/** Flags of the commands that tell somebody how they ended. */
export const notifyFlags: readonly FlagSpec[] = [
  {
    name: 'notify',
    value: 'URL',
    kind: 'text',
    group: 'Notify',
    about: 'post a JSON there at the end and on failure; signed with NOTIFY_SECRET if that is set [NOTIFY_URL]',
  },
  {
    name: 'notify-sns',
    value: 'ARN',
    kind: 'text',
    group: 'Notify',
    about: 'publish it to a topic of Amazon SNS (needs @aws-sdk/client-sns) [NOTIFY_SNS]',
  },
  {
    name: 'notify-eventbridge',
    value: 'BUS',
    kind: 'text',
    group: 'Notify',
    about: 'put it on a bus of Amazon EventBridge (needs @aws-sdk/client-eventbridge) [NOTIFY_EVENTBRIDGE]',
  },
]

/** Notifiers as flags and file say. One that fails is told on standard error, and changes nothing. */
export async function notifiersOf(resolved: Resolved, terminal: Terminal): Promise<readonly Notifier[]> {
  const { notify, s3 } = resolved.matter
  if (notify === undefined) return []
  refuseUnset(resolved, ['notify'])
  const all: Notifier[] = []
  const { webhook, sns, eventBridge } = notify
  if (webhook?.url !== undefined) all.push(webhookNotifier({ url: webhook.url, secret: webhook.secret }))
  if (sns?.topicArn !== undefined) all.push(snsNotifier({ ...sns, topicArn: sns.topicArn }))
  if (eventBridge?.bus !== undefined) {
    all.push(eventBridgeNotifier({ ...eventBridge, region: eventBridge.region ?? s3?.region, bus: eventBridge.bus }))
  }
  return all.map((notifier) => telling(notifier, terminal))
}

function telling(notifier: Notifier, terminal: Terminal): Notifier {
  return async (notice: Notice, options) => {
    try {
      await notifier(notice, options)
    } catch (error) {
      terminal.err(`warning: nobody was notified: ${shown(error instanceof Error ? error.message : error)}`)
    }
  }
}

import { eventBridgeNotifier, snsNotifier } from '../../notify/aws.js'
import { webhookNotifier } from '../../notify/webhook.js'
import type { Notice, Notifier } from '../../ports/notifier.js'
import { ArgumentError } from '../arguments.js'
import type { FlagSpec } from '../command.js'
import { inFile, refuseUnset } from '../config/connect.js'
import { mistakesOf } from '../config/mistakes.js'
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
  const said = resolved.file?.matter.notify
  const add = (make: () => Notifier, place: Omit<Place, 'resolved'>) => all.push(madeOf(make, { ...place, resolved }))
  if (webhook?.url !== undefined) {
    const { url, secret } = webhook
    const isTyped = url !== said?.webhook?.url
    add(() => webhookNotifier({ url, secret }), { section: 'notify.webhook', flag: '--notify', isTyped })
  }
  if (sns?.topicArn !== undefined) {
    const { topicArn } = sns
    const isTyped = topicArn !== said?.sns?.topicArn
    add(() => snsNotifier({ ...sns, topicArn }), { section: 'notify.sns', flag: '--notify-sns', isTyped })
  }
  if (eventBridge?.bus !== undefined) {
    const given = { ...eventBridge, region: eventBridge.region ?? s3?.region, bus: eventBridge.bus }
    const isTyped = given.bus !== said?.eventBridge?.bus
    const place = { section: 'notify.eventBridge', flag: '--notify-eventbridge', isTyped }
    add(() => eventBridgeNotifier(given), place)
  }
  return all.map((notifier) => telling(notifier, terminal))
}

/** Where a notifier was said: in a section of the file, or by a flag or its variable. */
interface Place {
  readonly resolved: Resolved
  readonly section: string
  readonly flag: string
  readonly isTyped: boolean
}

/** @throws ArgumentError that names the key of the file, or the flag */
function madeOf(make: () => Notifier, { resolved, section, flag, isTyped }: Place): Notifier {
  try {
    return make()
  } catch (error) {
    const mistakes = isTyped ? mistakesOf(error, section) : undefined
    if (mistakes === undefined) throw inFile(resolved, section, error)
    throw new ArgumentError(mistakes.map(({ problem }) => `${flag} ${problem}.`).join('\n'))
  }
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

import { dayMs, hourMs } from '../../internal/durations.js'
import type { MediaType } from '../../model/request.js'
import type { SimulatedConversation, SimulatedRetentionPolicy } from '../genesys/organization.js'

/** Days after which the scenario's policy deletes recordings of the media in scope. */
export const shortRetentionDays = 2

const mediaPolicyNames = {
  call: 'callPolicy',
  chat: 'chatPolicy',
  email: 'emailPolicy',
  message: 'messagePolicy',
} as const

/**
 * The media retention policies of an ordinary organisation. One deletes the media in scope after two days, so that
 * the oldest are about to go while the hold is put on. The others are long or switched off.
 */
export function makePolicies(inScope: ReadonlySet<MediaType>): {
  readonly mediaRetentionPolicies: SimulatedRetentionPolicy[]
  readonly crossplatformPolicies: SimulatedRetentionPolicy[]
} {
  const all = ['call', 'chat', 'email', 'message'] as const
  const short = all.filter((media) => inScope.has(media))
  const long = all.filter((media) => !inScope.has(media))
  const build = (
    order: number,
    name: string,
    media: readonly (typeof all)[number][],
    { days, enabled = true }: { readonly days: number; readonly enabled?: boolean },
  ): SimulatedRetentionPolicy => {
    const actions = {
      // Kept, and deleted when the days are over; `deleteRecording` would be at once.
      retainRecording: true,
      deleteRecording: false,
      alwaysDelete: false,
      retentionDuration: { archiveRetention: null, deleteRetention: { days } },
    }
    return {
      id: `d0c1e2f3-0000-4000-8000-00000000000${order}`,
      name,
      order,
      enabled,
      description: '',
      createdDate: '2022-01-10T09:00:00.000Z',
      modifiedDate: '2022-01-10T09:00:00.000Z',
      mediaPolicies: Object.fromEntries(media.map((kind) => [mediaPolicyNames[kind], { actions, conditions: {} }])),
      conditions: {},
      actions,
    }
  }
  return {
    mediaRetentionPolicies: [
      ...(short.length === 0 ? [] : [build(1, 'Data minimisation, two days', short, { days: shortRetentionDays })]),
      ...(long.length === 0 ? [] : [build(2, 'Quality management, one year', long, { days: 365 })]),
      build(3, 'Pilot of 2021 (switched off)', all, { days: 1, enabled: false }),
    ],
    crossplatformPolicies: long.length === 0 ? [] : [build(4, 'Disputes, seven years', long, { days: 2_557 })],
  }
}

// What the policy is about to delete is still there while the hold is put on.
const graceMs = hourMs

/** The conversation with the date on which the short policy deletes its recordings. */
export function withDeleteDates(conversation: SimulatedConversation, nowMs: number): SimulatedConversation {
  return {
    ...conversation,
    recordings: conversation.recordings.map((recording) => {
      const dueMs = Date.parse(recording.endTime) + shortRetentionDays * dayMs
      return { ...recording, deleteDate: new Date(Math.max(dueMs, nowMs + graceMs)).toISOString() }
    }),
  }
}

import type { SimulatedConversation } from '../genesys/organization.js'
import type { SimulatedDivision } from '../genesys/organization-records.js'

/** The divisions of an ordinary organisation. */
export const scenarioDivisions: readonly SimulatedDivision[] = [
  { id: '1e6b9d3f-4c82-4a75-9b10-8f2d7c5e3a06', name: 'Home', homeDivision: true },
  { id: '2f7cae40-5d93-4b86-8c21-9a3e8d6f4b07', name: 'Customer Care' },
]

const minuteMs = 60_000

/**
 * What an organisation has that is no exception: a second division, a recording in the archive, and a thread of messages that
 * has no end yet. No number of a scenario changes by it.
 */
export function withSpecials(conversations: readonly SimulatedConversation[], nowMs: number): SimulatedConversation[] {
  const [, care] = scenarioDivisions
  const thread = conversations.findIndex(({ media }) => media === 'message')
  const archived = conversations.findIndex(
    ({ recordings: [first] }, at) =>
      at !== thread && first !== undefined && first.failsAtSource !== true && first.landsLateMs === undefined,
  )
  return conversations.map((conversation, at) => ({
    ...conversation,
    ...(at % 3 === 2 && care !== undefined ? { divisionIds: [care.id] } : {}),
    ...(at === thread ? { ongoing: true } : {}),
    recordings: conversation.recordings.map((recording, index) =>
      at === archived && index === 0
        ? { ...recording, fileState: 'ARCHIVED' as const, archiveDate: new Date(nowMs - minuteMs).toISOString() }
        : recording,
    ),
  }))
}

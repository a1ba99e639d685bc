import { placesOf } from '../../model/layout/places.js'
import { membersOf, quoted } from '../form/untrusted.js'

/**
 * Why a record cannot be about an object in the place that it states. The key alone determines the conversation
 * and the recording of a file. Neighbouring files decide only which kind it is, among those that its name allows.
 */
export function contradictionOfPlace(object: unknown, place: unknown): string | undefined {
  const { key } = membersOf(object)
  if (typeof key !== 'string') return 'is about no object'
  const { kind, conversationId, recordingId } = membersOf(place)
  const isPossible = placesOf(key).some(
    (one) => one.kind === kind && one.conversationId === conversationId && one.recordingId === recordingId,
  )
  if (isPossible) return undefined
  return `says that ${quoted(key)} belongs to ${quoted(place)}, where no object of that key can belong`
}

import type { Lanes } from '../../internal/lanes.js'
import type { Recorder } from '../../journal/recorder.js'
import type { MutationWitness } from '../../journal/records.js'

/** A recorder whose intents are waited for beside the lanes: while the disk writes, another object may be read. */
export function witnessBeside(lanes: Lanes | undefined, recorder: Recorder): MutationWitness {
  if (lanes === undefined || !recorder.active) return recorder
  return {
    intent: (...intent) => lanes.beside(recorder.intent(...intent)),
    outcome: (...outcome) => recorder.outcome(...outcome),
  }
}

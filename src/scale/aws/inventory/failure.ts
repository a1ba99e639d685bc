import { LegalHoldError } from '../../../model/errors.js'

/** An inventory that cannot be used. @param problem the rest of a sentence */
export function unreadableInventory(
  place: string,
  problem: string,
  advice = 'Take a later inventory.',
): LegalHoldError {
  return new LegalHoldError(`The inventory ${place} ${problem}. ${advice}`, {
    code: 'INVENTORY_UNREADABLE',
    stage: 'scale',
  })
}

import type { MemoryJournal } from '#src/index.js'

/**
 * Cuts the power before a run writes what its recordings came to: everything else is done and on record by then.
 * Returns what puts the power back.
 */
export function cutPowerBeforeReport(journal: MemoryJournal): () => void {
  const append = journal.append.bind(journal)
  journal.append = async (record) => {
    if (record.type === 'report' || record.type === 'recording') throw new Error('power cut')
    return append(record)
  }
  return () => {
    journal.append = append
  }
}

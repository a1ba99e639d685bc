export { FileJournal, type FileJournalOptions, type JournalOpening } from './custody/file-journal.js'

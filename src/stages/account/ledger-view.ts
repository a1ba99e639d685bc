import type { ExpectedRecording } from '../../model/platform.js'
import type { RecordingLedger } from './ledger.js'

/** What reading the lists of jobs enters, whatever keeps it. */
export interface ListedLedger
  extends Pick<
    RecordingLedger,
    'listed' | 'size' | 'skipped' | 'conversationCount' | 'conversations' | 'failedAtSource' | 'open'
  > {
  /** A list names this recording. @returns `false` for one that is known already */
  expect(recording: ExpectedRecording): boolean
  /** Whether a list named this recording before; `undefined` if that is not known until all lists are read. */
  isNamed(recordingId: string): boolean | undefined
  /** Resolves when there is room for more; without it there always is. */
  room?(): Promise<void> | undefined
}

/** What the account of a run is read from at its end, whoever kept it. */
export type SettledLedger = Pick<
  RecordingLedger,
  | 'listed'
  | 'size'
  | 'skippedAndAbsent'
  | 'withdrawn'
  | 'explained'
  | 'onlyOlder'
  | 'delivered'
  | 'pending'
  | 'neverDelivered'
  | 'openConversations'
  | 'later'
  | 'unlisted'
  | 'contradictions'
  | 'regions'
  | 'knows'
  | 'settle'
  | 'settled'
  | 'deletedAtSource'
> & {
  /** Whether a list names this recording; `undefined` if this account does not keep the names of all. */
  isNamed(recordingId: string): boolean | undefined
  /** Why the account itself may lack something. Coverage is then not proven. */
  readonly doubt?: string | undefined
}

/** What the platform's word on missing recordings is entered in. */
export type ExplainedLedger = Pick<
  RecordingLedger,
  'listed' | 'explained' | 'withdrawn' | 'pendingRecordings' | 'skippedAtSource' | 'noteAtSource' | 'withdraw'
>

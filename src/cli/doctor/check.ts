/** One thing that `doctor` tried. */
export interface DoctorCheck {
  readonly area:
    | 'machine'
    | 'disk'
    | 'package'
    | 'evidence'
    | 'host'
    | 'clock'
    | 'Genesys Cloud'
    | 'permission'
    | 'bucket'
    | 'matter'
    | 'shards'
  readonly subject: string
  readonly result: 'ok' | 'warning' | 'problem' | 'skipped'
  readonly message?: string | undefined
  /** What to do about it. */
  readonly remedy?: string | undefined
  /** What to type, where a flag of the commands does what the remedy says. */
  readonly flag?: string | undefined
  /** What to type where somebody answers for what blocks. */
  readonly accept?: string | undefined
}

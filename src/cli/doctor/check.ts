/** One thing that `doctor` tried. */
export interface DoctorCheck {
  readonly area:
    | 'machine'
    | 'disk'
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
}

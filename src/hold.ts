/** A legal hold: matter X, tag Y. The tag is the value that every object must carry. */
export interface LegalHold {
  /** 1 to 128 of letters, digits and `+ - = . _ : / @`: valid in a header, in a tag value and in a list of tags. */
  readonly tag: string
  readonly matter?: string | undefined
  readonly reason?: string | undefined
  readonly requestedBy?: string | undefined
}

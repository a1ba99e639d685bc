/** The media types of recordings. */
export type MediaType = 'call' | 'chat' | 'email' | 'message' | 'screen'

/** What to export. */
export interface ExportRequest {
  /** Export profile (bulk exports). Give this or `integrationId`. */
  readonly profileId?: string | undefined
  /** Integration (recording jobs), which names bucket and role. */
  readonly integrationId?: string | undefined
  readonly interval: Interval
  /** `'digital'` is chat, email and message. If it is left out, all media are exported. */
  readonly mediaTypes?: readonly MediaType[] | 'digital' | undefined
  /** Message types such as `whatsapp` or `webmessaging`; narrows `message`. */
  readonly messageTypes?: readonly string[] | undefined
  readonly conversationIds?: readonly string[] | undefined
  /**
   * Divisions of the organisation that the matter concerns. If it is left out, the matter concerns all divisions,
   * and the client must see all of them.
   */
  readonly divisionIds?: readonly string[] | undefined
  /** Requested format, e.g. `WAV`. The platforms honour it only for some media. */
  readonly format?: string | undefined
  /** Include recordings with sensitive data (PCI, PII). @defaultValue true */
  readonly includeSensitive?: boolean | undefined
}

/** A span of time, ISO 8601 in UTC, start inclusive, end exclusive. */
export interface Interval {
  readonly start: string
  readonly end: string
}

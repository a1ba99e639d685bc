/** Prices of one storage class, in US dollars. */
export interface StorageClassPrices {
  /** PUT, COPY, POST and similar requests, per 1,000. */
  readonly writesPer1000: number
  /** GET, HEAD and similar requests, per 1,000. */
  readonly readsPer1000: number
  /** Price of reading a GB of content. A copy reads its source as well. */
  readonly retrievalPerGb: number
  readonly storagePerGbMonth: number
  /** Each version is billed for at least this many days, however early it is deleted. */
  readonly minimumDays: number
  /** Each version is billed for at least this many bytes. */
  readonly minimumBytes: number
}

/** What a storage charges, in US dollars, and when the prices were looked up. */
export interface PriceTable {
  /** ISO 8601 date on which the prices were looked up. */
  readonly asOf: string
  readonly region: string
  /** Where the prices are published. */
  readonly source: string
  /** LIST, per 1,000, regardless of what is listed. */
  readonly listsPer1000: number
  /** By storage class. A class that is not named costs as much as `STANDARD`. */
  readonly classes: Readonly<Record<string, StorageClassPrices>>
}

const kib128 = 131_072

/** Per 1,000 requests, and per GB. */
function prices(
  [writesPer1000, readsPer1000]: readonly [number, number],
  [retrievalPerGb, storagePerGbMonth]: readonly [number, number],
  minimumDays = 0,
  minimumBytes = 0,
): StorageClassPrices {
  return { writesPer1000, readsPer1000, retrievalPerGb, storagePerGbMonth, minimumDays, minimumBytes }
}

/**
 * Public list prices of Amazon S3 in us-east-1, first tier, without transfer. Other regions differ by some 10 to 50 %: give
 * your own with the option `remediation.prices`.
 *
 * @see https://aws.amazon.com/s3/pricing/
 */
export const s3Prices: PriceTable = {
  asOf: '2025-10-01',
  region: 'us-east-1',
  source: 'https://aws.amazon.com/s3/pricing/',
  listsPer1000: 0.005,
  classes: {
    STANDARD: prices([0.005, 0.0004], [0, 0.023]),
    REDUCED_REDUNDANCY: prices([0.005, 0.0004], [0, 0.024]),
    INTELLIGENT_TIERING: prices([0.005, 0.0004], [0, 0.023]),
    STANDARD_IA: prices([0.01, 0.001], [0.01, 0.0125], 30, kib128),
    ONEZONE_IA: prices([0.01, 0.001], [0.01, 0.01], 30, kib128),
    GLACIER_IR: prices([0.02, 0.01], [0.03, 0.004], 90, kib128),
    GLACIER: prices([0.03, 0.0004], [0.01, 0.0036], 90),
    DEEP_ARCHIVE: prices([0.05, 0.0004], [0.02, 0.00099], 180),
  },
}

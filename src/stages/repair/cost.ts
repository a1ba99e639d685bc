import { counted } from '../../internal/text/counted.js'
import { type PriceTable, type StorageClassPrices, s3Prices } from '../../model/prices.js'
import type { RepairCost, StorageClassCost } from '../../model/report.js'
import type { RepairEstimate } from '../../model/verdict.js'

const gb = 1024 ** 3
const free = /^(Abort|Delete)/
const writes = /^(Put|Copy|Create|Complete|Upload)/
const lists = /^List/

interface Sum {
  objects: number
  versions: number
  overwritten: number
  readonly requests: Record<string, number>
  bytesCopied: number
  extraBytesStored: number
  /** Objects that are copied and of whose bytes nothing is known. */
  unknownSizes: number
  /** As billed: small objects count for the least size of their class. */
  billedBytes: number
}

/** Sums by storage class and name; the names of operations have `request:` in front. */
export type CostSums = Readonly<Record<string, Readonly<Record<string, number>>>>

const requestPrefix = 'request:'

function isSummed(name: string): name is Exclude<keyof Sum, 'requests'> {
  return name !== 'requests' && Object.hasOwn(emptySum(), name)
}

/** Adds up what repairs cost, by storage class: a handful of numbers, however many objects. */
export class CostTally {
  readonly #prices: PriceTable
  readonly #classes = new Map<string, Sum>()

  constructor(prices: PriceTable = s3Prices) {
    this.#prices = prices
  }

  add({ storageClass, requests, bytesCopied, extraBytesStored }: RepairEstimate): void {
    const sum = this.#classes.get(storageClass) ?? emptySum()
    this.#classes.set(storageClass, sum)
    sum.objects += 1
    if (bytesCopied === undefined) sum.unknownSizes += 1
    const [bytes, extraBytes] = [bytesCopied ?? 0, extraBytesStored ?? 0]
    sum.bytesCopied += bytes
    sum.extraBytesStored += extraBytes
    const copied = (requests.CopyObject ?? 0) + (requests.CompleteMultipartUpload ?? 0) > 0 || bytesCopied !== 0
    if (copied && extraBytesStored === bytesCopied) {
      sum.versions += 1
      sum.billedBytes += Math.max(extraBytes, this.#pricesOf(storageClass).minimumBytes)
    } else if (copied) sum.overwritten += 1
    addRequests(sum.requests, requests)
  }

  /** The sums by storage class, with the requests of each by operation: what {@link addSums} of another takes in. */
  sums(): CostSums {
    return Object.fromEntries(
      [...this.#classes].map(([name, { requests, ...sum }]) => {
        const byOperation = Object.entries(requests).map(([operation, count]) => [
          `${requestPrefix}${operation}`,
          count,
        ])
        return [name, { ...sum, ...Object.fromEntries(byOperation) }]
      }),
    )
  }

  /** Takes in what another has added up. */
  addSums(sums: CostSums): void {
    for (const [name, members] of Object.entries(sums)) {
      const sum = this.#classes.get(name) ?? emptySum()
      this.#classes.set(name, sum)
      for (const [member, count] of Object.entries(members)) {
        if (member.startsWith(requestPrefix)) {
          const operation = member.slice(requestPrefix.length)
          sum.requests[operation] = (sum.requests[operation] ?? 0) + count
        } else if (isSummed(member)) sum[member] += count
      }
    }
  }

  cost(): RepairCost {
    const { asOf, region, source } = this.#prices
    const byStorageClass: Record<string, StorageClassCost> = {}
    const total = emptySum()
    const dollars = { requests: 0, retrieval: 0, storagePerMonth: 0 }
    for (const [name, sum] of [...this.#classes].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const prices = this.#pricesOf(name)
      const cost = {
        requests: this.#requestsCost(sum.requests, prices),
        retrieval: (sum.bytesCopied / gb) * prices.retrievalPerGb,
        storagePerMonth: (sum.billedBytes / gb) * prices.storagePerGbMonth,
      }
      for (const part of ['requests', 'retrieval', 'storagePerMonth'] as const) dollars[part] += cost[part]
      addRequests(total.requests, sum.requests)
      total.bytesCopied += sum.bytesCopied
      total.extraBytesStored += sum.extraBytesStored
      total.unknownSizes += sum.unknownSizes
      const note = notesOf(name, Object.hasOwn(this.#prices.classes, name), prices, sum)
      byStorageClass[name] = {
        objects: sum.objects,
        ...amountsOf(sum),
        dollars: rounded(cost),
        ...(note === undefined ? {} : { note }),
      }
    }
    return {
      prices: { asOf, region, source },
      ...amountsOf(total),
      dollars: { ...rounded(dollars), total: round(dollars.requests + dollars.retrieval) },
      byStorageClass,
    }
  }

  #pricesOf(storageClass: string): StorageClassPrices {
    const { classes } = this.#prices
    const found = Object.hasOwn(classes, storageClass) ? classes[storageClass] : undefined
    return found ?? classes.STANDARD ?? noPrices
  }

  #requestsCost(requests: Readonly<Record<string, number>>, prices: StorageClassPrices): number {
    let cost = 0
    for (const [operation, count] of Object.entries(requests)) {
      if (free.test(operation)) continue
      const per1000 = lists.test(operation)
        ? this.#prices.listsPer1000
        : writes.test(operation)
          ? prices.writesPer1000
          : prices.readsPer1000
      cost += (count / 1000) * per1000
    }
    return cost
  }
}

const noPrices: StorageClassPrices = {
  writesPer1000: 0,
  readsPer1000: 0,
  retrievalPerGb: 0,
  storagePerGbMonth: 0,
  minimumDays: 0,
  minimumBytes: 0,
}

/** What a report says of a sum beside its price. */
function amountsOf({ requests, bytesCopied, extraBytesStored, unknownSizes }: Sum) {
  return { requests, bytesCopied, extraBytesStored, ...(unknownSizes === 0 ? {} : { unknownSizes }) }
}

function addRequests(sum: Record<string, number>, requests: Readonly<Record<string, number>>): void {
  for (const [operation, count] of Object.entries(requests)) sum[operation] = (sum[operation] ?? 0) + count
}

function emptySum(): Sum {
  return {
    objects: 0,
    versions: 0,
    overwritten: 0,
    requests: {},
    bytesCopied: 0,
    extraBytesStored: 0,
    unknownSizes: 0,
    billedBytes: 0,
  }
}

/** Storage classes are an open set: what has no price of its own is said to have none. */
function notesOf(name: string, isPriced: boolean, prices: StorageClassPrices, sum: Sum): string | undefined {
  const unpriced = isPriced ? undefined : `The price table has no class ${name}: the prices of STANDARD were used.`
  const notes = [unpriced, noteOf(name, prices, sum)].filter((note) => note !== undefined)
  return notes.length === 0 ? undefined : notes.join(' ')
}

/** A demoted version is billed on; whoever deletes it early pays anyway. */
function noteOf(name: string, { minimumDays }: StorageClassPrices, { versions, overwritten }: Sum): string | undefined {
  if (minimumDays === 0) return undefined
  const least = `${name} bills each version for at least ${counted(minimumDays, 'day')}.`
  if (overwritten > 0) {
    return `${least} Without versioning the copy deletes the original, which is billed for the rest of them as well.`
  }
  if (versions === 0) return undefined
  return `${least} The repair deletes none. If you delete an original or its copy earlier, you pay for the rest of them.`
}

function rounded<K extends string>(dollars: Readonly<Record<K, number>>): Record<K, number> {
  return Object.fromEntries(Object.entries<number>(dollars).map(([name, value]) => [name, round(value)])) as Record<
    K,
    number
  >
}

/** To a millionth: a single HEAD costs less than that, a thousand do not. */
function round(dollars: number): number {
  return Math.round(dollars * 1_000_000) / 1_000_000
}

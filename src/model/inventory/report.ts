/** The random sample of an inventory's lines that was read by HEAD before the inventory was relied on. */
export interface InventorySample {
  /** Lines of which the sample was drawn: those that show the hold. */
  readonly of: number
  /** Objects that were read. */
  readonly read: number
  /** Of these, the ones that carried the hold as the inventory shows it. */
  readonly confirmed: number
  /** Written or deleted after the inventory began. They say nothing about it, and the run does not rely on their lines. */
  readonly changed: number
  /** The rest: objects without the hold, with another content, or unreadable. */
  readonly contradicted: number
}

/** An inventory that a run may rely on, as its plan has it. */
export interface InventoryFacts {
  /** Name of the source: `s3-inventory`, `s3-metadata-table`, or the caller's own. */
  readonly name: string
  /** When the inventory began, ISO 8601. */
  readonly asOf: string
  /** Whether objects are taken for held because the inventory shows it. If not, every object is read by HEAD. */
  readonly trusted: boolean
  /** Why it is not. */
  readonly reason?: string | undefined
  /** What decided whether it is trusted. */
  readonly sample: InventorySample
}

/** How many of the objects that only an inventory proves may be wrong. */
export interface InventoryBound {
  /** 0.95. */
  readonly confidence: number
  /** At most this share of the objects is wrong, with this confidence: `1 - 0.05^(1/n)` for n confirmed objects. */
  readonly rate: number
  /** The same in objects. */
  readonly objects: number
}

/** What a run owes to an inventory. */
export interface InventoryReport extends InventoryFacts {
  /** Verdicts `held` that rest on the inventory alone, as of `asOf`. */
  readonly objects: number
  /** Absent if the inventory was not trusted. */
  readonly bound?: InventoryBound | undefined
}

const confidence = 0.95

/**
 * The share of wrong lines that a sample without a contradiction leaves possible: the exact upper limit of a binomial
 * proportion for no event among n ("rule of three": about 3/n). Pure.
 */
export function boundOf({ confirmed }: Pick<InventorySample, 'confirmed'>, objects: number): InventoryBound {
  const rate = confirmed === 0 ? 1 : 1 - (1 - confidence) ** (1 / confirmed)
  // Rounded up, never down.
  return { confidence, rate: Math.ceil(rate * 1e6) / 1e6, objects: Math.min(objects, Math.ceil(rate * objects)) }
}

/** What the report says of an inventory. Pure. */
export function inventoryReportOf(facts: InventoryFacts, objects: number): InventoryReport {
  return { ...facts, objects, ...(facts.trusted ? { bound: boundOf(facts.sample, objects) } : {}) }
}

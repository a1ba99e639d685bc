/** One version of an object. */
export interface Version {
  readonly id: string
  readonly lastModified: string
  readonly metadata: readonly (readonly [header: string, value: string])[]
  readonly contentType: string
  legalHold: 'ON' | 'OFF' | undefined
  retention: { readonly mode: string; readonly until: string } | undefined
  tags: string
}

const delivered = 'Fri, 20 Oct 2023 12:00:00 GMT'

/** Objects as they were delivered, and what has been written since. Only what was written takes memory. */
export class Objects {
  readonly #written = new Map<number, Version[]>()
  #writes = 0

  /** Versions of an object, newest first. */
  versions(at: number): readonly Version[] {
    return this.#written.get(at) ?? [original(at)]
  }

  find(at: number, id: string | undefined): Version | undefined {
    const versions = this.versions(at)
    return id === undefined ? versions[0] : versions.find((version) => version.id === id)
  }

  /** Puts a version on top of what there is. */
  write(at: number, version: Omit<Version, 'id' | 'lastModified'>): Version {
    this.#writes += 1
    const written = { ...version, id: idOf(at, this.#writes), lastModified: new Date().toUTCString() }
    this.#written.set(at, [written, ...this.versions(at)])
    return written
  }

  /** Changes a version in place. */
  change(at: number, id: string | undefined, changes: Partial<Pick<Version, 'legalHold' | 'retention' | 'tags'>>) {
    const versions = this.#written.get(at) ?? [original(at)]
    const found = id === undefined ? versions[0] : versions.find((version) => version.id === id)
    if (found === undefined) return undefined
    Object.assign(found, changes)
    this.#written.set(at, versions)
    return found
  }
}

function original(at: number): Version {
  return {
    id: idOf(at, 0),
    lastModified: delivered,
    metadata: [],
    contentType: 'application/json',
    legalHold: undefined,
    retention: undefined,
    tags: '',
  }
}

/** No version has the id of another one. */
function idOf(at: number, write: number): string {
  return `bench.${at.toString(36)}.${write.toString(36)}`.padEnd(32, '_')
}

/** Every object has other content, and keeps it when it is copied. */
export function etagOf(at: number): string {
  return `"${at.toString(16).padStart(32, '9b2cf535')}"`
}

/** S3 adds one to what comes without: eight bytes, in base64. */
export function checksumOf(at: number): string {
  const bytes = Buffer.alloc(8, 0x5a)
  bytes.writeUInt32BE(at, 4)
  return bytes.toString('base64')
}

export const sizeOf = (at: number) => 512 + (at % 512)

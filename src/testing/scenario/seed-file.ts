import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ForeignS3, InvalidScenario, parseKeptScenario, type ScenarioRequest } from './scenario-request.js'

/** What the simulators were last seeded with. A scenario is made from it again, to the last id. */
export interface Seed {
  readonly request: ScenarioRequest
  /** Milliseconds since the epoch: what the scenario took for the present. */
  readonly seededAtMs: number
}

/** As it lies in the file. */
interface KeptSeed {
  readonly request: unknown
  readonly seededAtMs: number
  /** The foreign S3 server is not part of the request: whoever starts the simulators names it each time. */
  readonly s3GivenAtStart?: boolean | undefined
}

/** Keeps the seed in the data directory. */
export class SeedFile {
  readonly #directory: string
  readonly #path: string

  constructor(directory: string) {
    this.#directory = directory
    this.#path = join(directory, 'scenario.json')
  }

  /**
   * @param s3 the foreign S3 server that the simulators are started with
   * @throws InvalidScenario if the seed was made for one and none is given, or the other way round
   */
  read(s3?: ForeignS3 | undefined): Seed | undefined {
    if (!existsSync(this.#path)) return undefined
    const { request, seededAtMs, s3GivenAtStart = false } = JSON.parse(readFileSync(this.#path, 'utf8')) as KeptSeed
    if (s3GivenAtStart !== (s3 !== undefined)) {
      throw new InvalidScenario(
        s3GivenAtStart
          ? `What ${this.#directory} keeps was delivered to another S3 server, which must be given again.`
          : `What ${this.#directory} keeps was delivered to the simulated S3, not to another server.`,
      )
    }
    return { request: parseKeptScenario(request, s3), seededAtMs }
  }

  /** @param s3GivenAtStart the foreign S3 server and its credentials are not to be kept: they are given at each start */
  write({ request, seededAtMs }: Seed, s3GivenAtStart: boolean): void {
    const { s3, ...rest } = request
    const kept: KeptSeed = s3GivenAtStart ? { request: rest, seededAtMs, s3GivenAtStart } : { request, seededAtMs }
    mkdirSync(this.#directory, { recursive: true })
    // It may hold the credentials of a foreign S3 server.
    writeFileSync(`${this.#path}.tmp`, JSON.stringify(kept), { mode: 0o600 })
    renameSync(`${this.#path}.tmp`, this.#path)
  }

  /** Without it, a start seeds again. */
  remove(): void {
    rmSync(this.#path, { force: true })
  }

  /** Removes all that lies beside it too: what is left of a seed that was not finished. */
  clear(): void {
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

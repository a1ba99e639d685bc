import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseScenarioRequest, type ScenarioRequest } from './scenario-request.js'

/** What the simulators were last seeded with. A scenario is made from it again, to the last id. */
export interface Seed {
  readonly request: ScenarioRequest
  /** Milliseconds since the epoch: what the scenario took for the present. */
  readonly seededAtMs: number
}

/** Keeps the seed in the data directory. */
export class SeedFile {
  readonly #directory: string
  readonly #path: string

  constructor(directory: string) {
    this.#directory = directory
    this.#path = join(directory, 'scenario.json')
  }

  read(): Seed | undefined {
    if (!existsSync(this.#path)) return undefined
    const { request, seededAtMs } = JSON.parse(readFileSync(this.#path, 'utf8')) as {
      request: unknown
      seededAtMs: number
    }
    return { request: parseScenarioRequest(request), seededAtMs }
  }

  write(seed: Seed): void {
    mkdirSync(this.#directory, { recursive: true })
    // It may hold the credentials of a foreign S3 server.
    writeFileSync(`${this.#path}.tmp`, JSON.stringify(seed), { mode: 0o600 })
    renameSync(`${this.#path}.tmp`, this.#path)
  }

  /** Without it, a start seeds anew. */
  remove(): void {
    rmSync(this.#path, { force: true })
  }

  /** Removes all that lies beside it too: what is left of a seed that was not finished. */
  clear(): void {
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

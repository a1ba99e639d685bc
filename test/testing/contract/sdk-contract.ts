import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A type of the SDK's declarations. */
export type ContractType =
  | { readonly kind: 'string' | 'number' | 'boolean' | 'object' | 'any' | 'void' }
  | { readonly kind: 'array' | 'map'; readonly of: ContractType }
  | { readonly kind: 'model'; readonly name: string }

export interface ContractField {
  readonly type: ContractType
  readonly isRequired: boolean
}

/** One method of the SDK's API classes, as the wire sees it. */
export interface ContractOperation {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, ContractField>>
  readonly body?: ContractField
  readonly returns: ContractType
}

export interface SdkContract {
  readonly operations: readonly ContractOperation[]
  readonly models: Readonly<Record<string, Readonly<Record<string, ContractField>>>>
}

const apis = [
  'AnalyticsApi',
  'AuditApi',
  'AuthorizationApi',
  'GeneralDataProtectionRegulationApi',
  'IntegrationsApi',
  'OrganizationApi',
  'RecordingApi',
  'RoutingApi',
]

const here = dirname(fileURLToPath(import.meta.url))
const sdk = dirname(createRequire(import.meta.url).resolve('purecloud-platform-client-v2/package.json'))

let loaded: SdkContract | undefined

/** What `purecloud-platform-client-v2` itself says: read with the TypeScript compiler once, and kept for the next process. */
export async function sdkContract(): Promise<SdkContract> {
  loaded ??= await load()
  return loaded
}

async function load(): Promise<SdkContract> {
  const digest = createHash('sha256')
  digest.update(readFileSync(join(sdk, 'package.json')))
  for (const file of ['sdk-contract.ts', 'read-sdk.ts']) digest.update(readFileSync(join(here, file)))
  const kept = join(here, `../../../node_modules/.cache/sdk-contract-${digest.digest('hex').slice(0, 16)}.json`)
  if (existsSync(kept)) return JSON.parse(readFileSync(kept, 'utf8')) as SdkContract
  const { readSdk } = await import('./read-sdk.js')
  const contract = readSdk(sdk, apis)
  mkdirSync(dirname(kept), { recursive: true })
  writeFileSync(`${kept}.${process.pid}`, JSON.stringify(contract))
  renameSync(`${kept}.${process.pid}`, kept)
  return contract
}

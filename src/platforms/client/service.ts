import { networkAdvice } from '../../internal/waits/proxy-advice.js'
import type { ServiceAddress } from '../../ports/runtime.js'
import type { GenesysConnection } from './options.js'

/** Genesys Cloud as an error names it that never got an answer. */
export function serviceOf({ endpoint, region, credentials }: GenesysConnection): ServiceAddress {
  const name = 'Genesys Cloud'
  if (endpoint !== undefined) {
    const port = endpoint.port || (endpoint.protocol === 'http:' ? '80' : '443')
    return { name, address: `${endpoint.hostname}:${port}`, advice: networkAdvice('the endpoint of the platform') }
  }
  const advice = networkAdvice('the region of the platform')
  if (credentials.kind === 'client' || region === undefined) {
    return {
      name,
      address: `the host of the client that was given${region === undefined ? '' : ` (${region.host})`}`,
      advice,
    }
  }
  return { name, address: `login.${region.host}:443, api.${region.host}:443`, advice }
}

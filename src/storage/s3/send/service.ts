import { networkAdvice } from '../../../internal/waits/proxy-advice.js'
import type { ServiceAddress } from '../../../ports/runtime.js'
import { endpointOf, type S3ClientSettings } from '../client/settings.js'

/** S3 as an error names it that never got an answer. */
export function serviceOf(settings: S3ClientSettings, region: string | undefined): ServiceAddress {
  const settingsToCheck = settings.endpoint === undefined ? 'the region of the storage' : 'the endpoint of the storage'
  return { name: 'S3', address: addressOf(settings, region), advice: networkAdvice(settingsToCheck) }
}

function addressOf(settings: S3ClientSettings, region: string | undefined): string {
  const endpoint = endpointOf(settings)
  if (endpoint === undefined) return 'the server of the S3 client that was given'
  if (endpoint === 'aws') return `s3.${region ?? process.env.AWS_REGION ?? 'REGION'}.amazonaws.com:443`
  return addressOfUrl(endpoint)
}

/** Host and port of an endpoint. */
export function addressOfUrl(endpoint: string): string {
  if (!URL.canParse(endpoint)) return 'the endpoint that was given'
  const { hostname, port, protocol } = new URL(endpoint)
  return `${hostname}:${port || (protocol === 'http:' ? '80' : '443')}`
}

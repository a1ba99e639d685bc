import { namesProxy } from '../proxy/proxy.js'
import { TunnelAgent } from '../proxy/tunnel-agent.js'

/** Settings of a client of the AWS SDK, which knows no proxy by itself. */
export function clientSettings(region: string | undefined, endpoint: string | undefined) {
  return {
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(namesProxy(process.env) ? { requestHandler: { httpsAgent: new TunnelAgent({ keepAlive: true }) } } : {}),
  }
}

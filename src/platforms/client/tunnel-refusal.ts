import { refusedTunnel } from '../../internal/proxy/refusal.js'
import { isAnswer, numberOf, textOf } from './answer.js'

/**
 * What a proxy refused to lead on, where that looks like an answer of Genesys Cloud. The agent that axios takes for
 * `HTTPS_PROXY` hands the proxy's answer to CONNECT to the request as if the server had given it
 * (https-proxy-agent, agent.ts: "replaying proxy buffer for failed request"). It comes over a socket without TLS, which no
 * answer of an `https:` server does.
 *
 * @param error as axios made it, with request and response
 */
export function refusalOfProxy(error: unknown): Error | undefined {
  if (!isAnswer(error) || !isAnswer(error.request)) return undefined
  const { agent, socket, protocol, host, path } = error.request
  const proxy = isAnswer(agent) && isAnswer(agent.proxy) ? agent.proxy : undefined
  if (proxy === undefined || protocol !== 'https:' || !isAnswer(socket) || socket.encrypted === true) return undefined
  // Older versions of axios ask the proxy for the whole URL in place of a tunnel.
  if (typeof path !== 'string' || !path.startsWith('/')) return undefined
  const name = textOf(proxy, 'hostname', 'host') ?? 'unknown'
  const port = textOf(proxy, 'port')
  const isPlain = !isAnswer(agent) || agent.secureProxy !== true
  return refusedTunnel(
    { protocol: isPlain ? 'http:' : 'https:', host: port === undefined ? name : `${name}:${port}` },
    numberOf(error.response, 'status'),
    typeof host === 'string' ? host : 'Genesys Cloud',
  )
}

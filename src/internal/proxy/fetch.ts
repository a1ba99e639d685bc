import { type Environment, proxyFor } from './proxy.js'

/**
 * `fetch`, through the proxy that the environment names for this server. The fetch of Node goes by no proxy unless Node 24
 * is told to.
 *
 * @throws LegalHoldError `INVALID_OPTIONS` for a proxy that cannot be used; it is never passed by
 */
export async function fetchByEnvironment(
  url: URL,
  init: RequestInit,
  env: Environment = process.env,
): Promise<Response> {
  const proxy = proxyFor(url, env)
  if (proxy === undefined) return fetch(url, init)
  // A dispatcher fits only the fetch of its own undici.
  const { fetch: fetchOfUndici, ProxyAgent } = await import('undici')
  const dispatcher = new ProxyAgent(proxy.href)
  try {
    const sent = { ...init, dispatcher } as Parameters<typeof fetchOfUndici>[1]
    return (await fetchOfUndici(url, sent)) as unknown as Response
  } finally {
    // Ends when the answer has been read or cancelled.
    dispatcher.close().catch(() => {})
  }
}

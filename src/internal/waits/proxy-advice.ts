/** What a service that does not answer makes one look at: an own mistake, then the network, then the proxy. */
export function networkAdvice(
  settings: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const proxy = env.HTTPS_PROXY || env.https_proxy
  const way = !proxy
    ? 'If only a proxy leads out of the network, set HTTPS_PROXY.'
    : `HTTPS_PROXY is set (${hostOf(proxy)}): that proxy must let it pass, or NO_PROXY name it.`
  return `Check ${settings}, name resolution and firewall, then run again. ${way}`
}

/** Never the credentials that the variable may carry. */
function hostOf(proxy: string): string {
  return URL.canParse(proxy) ? new URL(proxy).host : 'not a valid URL'
}

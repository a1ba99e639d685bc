/** Code of a failure before anything has reached the server. Node's own agents use the same. */
export const proxyFailed = 'ERR_PROXY_TUNNEL'

/** What a proxy must be given, or must allow, so that a request passes. */
export const proxyRemedy =
  'Nothing reached the server. Check the proxy that HTTPS_PROXY names, or let NO_PROXY name the server.'

/** A proxy as an error may name it: never its user and password. */
export interface ProxyName {
  readonly protocol: string
  /** With its port. */
  readonly host: string
}

/** The error for a proxy that led to no server. */
export function proxyError({ protocol, host }: ProxyName, how: string): Error {
  return Object.assign(new Error(`the proxy ${protocol}//${host} ${how}`), { code: proxyFailed })
}

/** The same for one that answered, and with what. @param target host and port that it was asked for */
export function refusedTunnel(proxy: ProxyName, status: number | undefined, target: string): Error {
  const hint = hints[status ?? 0]
  return proxyError(proxy, `answered ${status} to CONNECT ${target}${hint === undefined ? '' : ` (${hint})`}`)
}

const hints: Readonly<Record<number, string>> = {
  403: 'its rules do not allow that server',
  407: 'it asks for user and password, which belong in its URL',
  502: 'it cannot reach that server',
  503: 'it cannot reach that server',
  504: 'it cannot reach that server',
}

/**
 * Which server an address names, to tell two of them apart: scheme, host and port, never a path, a query or credentials.
 * On loopback without the port, which is another one each time a tunnel or a simulator is started. `undefined` for what
 * is neither a URL nor a plain name.
 */
export function serverName(address: string | undefined): string | undefined {
  if (address === undefined) return undefined
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url?.protocol === 'http:' || url?.protocol === 'https:') {
    return isLoopback(url.hostname) ? `${url.protocol}//${url.hostname}` : url.origin
  }
  return /^[a-z0-9.-]{1,253}(:\d{1,5})?$/i.test(address) ? address.toLowerCase() : undefined
}

/** Whether a host of a URL is this machine. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}

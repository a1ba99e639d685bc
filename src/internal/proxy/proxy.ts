import type { Socket } from 'node:net'
import { LegalHoldError } from '../../model/errors.js'
import { isLoopback } from '../server-name.js'
import { proxyError, proxyFailed, refusedTunnel } from './refusal.js'

/*
 * The proxy that the environment names, as axios and with it the SDK of Genesys Cloud goes by it. The AWS SDK and the fetch of
 * Node know none.
 */

/** Variables of the environment. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Whether the environment names a proxy at all. */
export function namesProxy(env: Environment): boolean {
  return proxyVariable(env) !== undefined
}

/**
 * The proxy to reach a server by; `undefined` if it must be reached directly: by `NO_PROXY`, on loopback, and
 * without TLS, which is spoken on loopback only.
 *
 * Throws `INVALID_OPTIONS` for a proxy that cannot be used. It is never passed by: who sets one may not want it
 * otherwise.
 */
export function proxyFor(origin: URL, env: Environment): URL | undefined {
  const found = proxyVariable(env)
  if (found === undefined || origin.protocol !== 'https:') return undefined
  if (isLoopback(origin.hostname) || isExempt(origin, env)) return undefined
  const [name, value] = found
  const text = value.includes('://') ? value : `http://${value}`
  const proxy = URL.canParse(text) ? new URL(text) : undefined
  if (proxy?.protocol === 'http:' || proxy?.protocol === 'https:') return proxy
  // The value may hold a password.
  throw new LegalHoldError(
    `The environment variable ${name} names no proxy that can be used: it must be a URL such as http://proxy.example.com:3128.`,
    { code: 'INVALID_OPTIONS', stage: 'options', details: { variable: name } },
  )
}

function proxyVariable(env: Environment): readonly [name: string, value: string] | undefined {
  for (const name of ['https_proxy', 'HTTPS_PROXY']) {
    const value = env[name]?.trim()
    if (value !== undefined && value !== '') return [name, value]
  }
  return undefined
}

/** Names with all that lies beneath them, whether they begin with a dot, `*.` or neither; `*` is everything. */
function isExempt({ hostname, port }: URL, env: Environment): boolean {
  const host = hostname.toLowerCase()
  const entries = (env.no_proxy ?? env.NO_PROXY ?? '').toLowerCase().split(/[,\s]/)
  return entries.some((entry) => {
    const [, name = '', onlyPort] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(entry) ?? []
    if (onlyPort !== undefined && onlyPort !== (port === '' ? '443' : port)) return false
    if (name === '*') return true
    const suffix = name.replace(/^\*?\./, '')
    return suffix !== '' && (host === suffix || host.endsWith(`.${suffix}`))
  })
}

/** A way through a proxy to a server, nothing of it encrypted yet. */
export async function openTunnel(proxy: URL, host: string, port: number, timeoutMs: number): Promise<Socket> {
  const { request } = await (proxy.protocol === 'https:' ? import('node:https') : import('node:http'))
  const target = `${host.includes(':') ? `[${host}]` : host}:${port}`
  return new Promise((resolve, reject) => {
    const asking = request({
      method: 'CONNECT',
      host: proxy.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: proxy.port === '' ? (proxy.protocol === 'https:' ? 443 : 80) : Number(proxy.port),
      path: target,
      headers: { host: target, ...credentialsOf(proxy) },
      agent: false,
      timeout: timeoutMs,
    })
    asking.once('connect', (answer, socket) => {
      if (answer.statusCode === 200) {
        resolve(socket)
        return
      }
      socket.destroy()
      reject(refusedTunnel(proxy, answer.statusCode, target))
    })
    asking.once('response', (answer) => {
      answer.resume()
      reject(refusedTunnel(proxy, answer.statusCode, target))
    })
    asking.once('timeout', () => asking.destroy(proxyError(proxy, `did not answer to CONNECT ${target} in time`)))
    asking.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === proxyFailed ? error : proxyError(proxy, `could not be reached (${error.code ?? error.message})`),
      )
    })
    asking.end()
  })
}

function credentialsOf({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === '' && password === '') return {}
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` }
}

import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import tls from 'node:tls'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { simulated, upload } from '../world.js'

const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one()
})

/** Puts something else in the place of a property, until the test is over. */
function replace<T extends object, K extends keyof T>(owner: T, name: K, by: T[K]): void {
  const own = Object.getOwnPropertyDescriptor(owner, name)
  undo.push(() => (own === undefined ? delete owner[name] : Object.defineProperty(owner, name, own)))
  Object.defineProperty(owner, name, { value: by, configurable: true, writable: true, enumerable: true })
}

/** As it is loaded for the first time, with whatever was replaced before. */
async function loaded() {
  vi.resetModules()
  const { isIntercepted } = await import('#src/storage/s3/client/native-http.js')
  return isIntercepted
}

const call = <F>(original: F): F =>
  function (this: unknown, ...args: unknown[]) {
    return Reflect.apply(original as (...args: unknown[]) => unknown, this, args)
  } as F

class ProxyAgent extends http.Agent {}

const replacements: readonly (readonly [string, () => void])[] = [
  ['http.request by a function', () => replace(http, 'request', call(http.request))],
  ['http.request by a Proxy', () => replace(http, 'request', new Proxy(http.request, {}))],
  ['http.request by a bound function', () => replace(http, 'request', http.request.bind(http) as typeof http.request)],
  ['http.get', () => replace(http, 'get', call(http.get))],
  ['https.request', () => replace(https, 'request', call(https.request))],
  ['https.get', () => replace(https, 'get', call(https.get))],
  ['http.ClientRequest', () => replace(http, 'ClientRequest', class extends http.ClientRequest {})],
  ['http.Agent', () => replace(http, 'Agent', ProxyAgent)],
  ['https.Agent', () => replace(https, 'Agent', class extends https.Agent {})],
  ['http.globalAgent by a proxy', () => replace(http, 'globalAgent', new ProxyAgent())],
  ['https.globalAgent by a proxy', () => replace(https, 'globalAgent', new ProxyAgent() as https.Agent)],
  [
    'a method of the global agent',
    () => replace(https.globalAgent as { createConnection?: unknown }, 'createConnection', () => {}),
  ],
  ['a method of all agents', () => replace(http.Agent.prototype as { addRequest?: unknown }, 'addRequest', () => {})],
  ['net.connect', () => replace(net, 'connect', call(net.connect))],
  ['net.createConnection', () => replace(net, 'createConnection', call(net.createConnection))],
  ['tls.connect', () => replace(tls, 'connect', call(tls.connect))],
]

describe('whoever stands between this process and the network', () => {
  test('is nobody as Node comes', async () => {
    expect((await loaded())()).toBe(false)
  })

  test.each(replacements)('is seen in %s, before the library is loaded and after', async (_, put) => {
    const isIntercepted = await loaded()
    expect(isIntercepted()).toBe(false)
    put()
    expect(isIntercepted()).toBe(true)
    expect((await loaded())()).toBe(true)
    for (const one of undo.splice(0).reverse()) await one()
    expect(isIntercepted()).toBe(false)
  })

  test('is nobody where agents have other numbers', async () => {
    replace(https, 'globalAgent', new https.Agent({ keepAlive: true, maxSockets: 7 }))
    expect((await loaded())()).toBe(false)
  })

  test('sees HEAD, lists and all of a repair', async () => {
    const w = await simulated()
    undo.push(() => w.close())
    await upload(w, 'org/a', 'x', { Tagging: 'a=b' })
    w.simulator.clearRequests()
    const seen: (string | undefined)[] = []
    const { request } = http
    replace(http, 'request', function (this: unknown, ...args: unknown[]) {
      seen.push((args.find((one) => typeof one === 'object') as http.RequestOptions).method)
      return Reflect.apply(request, this, args)
    } as typeof http.request)
    const adapter = w.adapter()
    for await (const { key } of adapter.list('org/')) {
      const before = await adapter.head({ bucket: w.bucket, key }, { full: true })
      if (before.found) await adapter.replaceMetadata(before.state, { 'legal-hold-tag': 'm' })
    }
    await adapter.mergeTags({ bucket: w.bucket, key: 'org/a' }, { 'legal-hold': 'm' })
    expect(w.simulator.requests.length).toBeGreaterThan(10)
    expect(seen).toEqual(w.simulator.requests.map(({ method }) => method))
    expect(w.simulator.requests.filter(({ headers }) => !headers.has('amz-sdk-request'))).toEqual([])
  })
})

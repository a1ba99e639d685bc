import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import tls from 'node:tls'
import { types } from 'node:util'

/*
 * Whether anybody has put themselves between this process and the network: Mock Service Worker, which answers inside the
 * process; a bootstrap such as `global-agent`, which sends everything through a company's proxy; an instrumentation. What
 * goes past Node's own client would go past them as well. Everything is then left to the SDK.
 *
 * They may have come before this file was loaded, so that there is no original to compare with. Node's own functions are
 * known by their source text, which names what only Node's own files can see. A text that is not known here counts as
 * somebody else's: the SDK is slower, and never wrong. What a socket itself does, all of them go through.
 */

/** What the source text of one of Node's functions begins with, and has in it. */
type Native = readonly [beginning: RegExp, within: string]

const agent = /^(?:function|class) Agent\b/
const connection = /^function (?:connect|createConnection)\(/
const natives = {
  // Little enough to know it by heart.
  request: [
    /^function request\(url, options, cb\) \{\s*return new ClientRequest\(url, options, cb\);\s*\}$/,
    'new ClientRequest',
  ],
  get: [
    /^function get\(\w+, options, cb\) \{\s*const req = request\(\w+, options, cb\);\s*req\.end\(\);\s*return req;\s*\}$/,
    'request',
  ],
  secureRequest: [/^function request\(/, 'ReflectConstruct(ClientRequest, args)'],
  clientRequest: [/^(?:function|class) ClientRequest\b/, 'OutgoingMessage'],
  agent: [agent, 'EventEmitter'],
  secureAgent: [agent, 'FunctionPrototypeCall(HttpAgent'],
  addRequest: [/^function addRequest\(/, 'normalizeServerName('],
  createSocket: [/^function createSocket\(/, 'normalizeServerName('],
  createConnection: [connection, 'ormalizeArgs(args)'],
  createSecureConnection: [connection, '_cacheSession('],
  secureConnect: [connection, 'normalizeConnectArgs('],
} as const satisfies Readonly<Record<string, Native>>

/** Parts of an agent that its types leave out. */
interface AgentParts {
  readonly addRequest?: unknown
  readonly createSocket?: unknown
  readonly createConnection?: unknown
}

/** As they were when they were looked at last. */
const seen = {
  request: undefined as unknown,
  get: undefined as unknown,
  clientRequest: undefined as unknown,
  agent: undefined as unknown,
  globalAgent: undefined as unknown,
  addRequest: undefined as unknown,
  createSocket: undefined as unknown,
  createConnection: undefined as unknown,
  secureRequest: undefined as unknown,
  secureGet: undefined as unknown,
  secureAgent: undefined as unknown,
  secureGlobalAgent: undefined as unknown,
  createSecureConnection: undefined as unknown,
  connect: undefined as unknown,
  netCreateConnection: undefined as unknown,
  secureConnect: undefined as unknown,
}
let intercepted = false

/** Whether what this process sends goes through somebody else's hands. Asked before each request, so it may change. */
export function isIntercepted(): boolean {
  if (!isAsSeen()) intercepted = look()
  return intercepted || !hasUsualWays(http.globalAgent, http.Agent) || !hasUsualWays(https.globalAgent, https.Agent)
}

// One by one: a loop over names costs several times as much, for each request.
function isAsSeen(): boolean {
  const prototype = http.Agent.prototype as AgentParts
  return (
    http.request === seen.request &&
    http.get === seen.get &&
    http.ClientRequest === seen.clientRequest &&
    http.Agent === seen.agent &&
    http.globalAgent === seen.globalAgent &&
    prototype.addRequest === seen.addRequest &&
    prototype.createSocket === seen.createSocket &&
    prototype.createConnection === seen.createConnection &&
    https.request === seen.secureRequest &&
    https.get === seen.secureGet &&
    https.Agent === seen.secureAgent &&
    https.globalAgent === seen.secureGlobalAgent &&
    https.Agent.prototype.createConnection === seen.createSecureConnection &&
    net.connect === seen.connect &&
    net.createConnection === seen.netCreateConnection &&
    tls.connect === seen.secureConnect
  )
}

function look(): boolean {
  const prototype = http.Agent.prototype as AgentParts
  seen.request = http.request
  seen.get = http.get
  seen.clientRequest = http.ClientRequest
  seen.agent = http.Agent
  seen.globalAgent = http.globalAgent
  seen.addRequest = prototype.addRequest
  seen.createSocket = prototype.createSocket
  seen.createConnection = prototype.createConnection
  seen.secureRequest = https.request
  seen.secureGet = https.get
  seen.secureAgent = https.Agent
  seen.secureGlobalAgent = https.globalAgent
  seen.createSecureConnection = https.Agent.prototype.createConnection
  seen.connect = net.connect
  seen.netCreateConnection = net.createConnection
  seen.secureConnect = tls.connect
  const isPlain =
    isNative(seen.request, natives.request) &&
    isNative(seen.get, natives.get) &&
    isNative(seen.clientRequest, natives.clientRequest) &&
    isNative(seen.agent, natives.agent) &&
    isNative(seen.addRequest, natives.addRequest) &&
    isNative(seen.createSocket, natives.createSocket) &&
    isNative(seen.createConnection, natives.createConnection) &&
    isNative(seen.secureRequest, natives.secureRequest) &&
    isNative(seen.secureGet, natives.get) &&
    isNative(seen.secureAgent, natives.secureAgent) &&
    isNative(seen.createSecureConnection, natives.createSecureConnection) &&
    isNative(seen.connect, natives.createConnection) &&
    isNative(seen.netCreateConnection, natives.createConnection) &&
    isNative(seen.secureConnect, natives.secureConnect) &&
    isPlainAgent(seen.globalAgent, http.Agent) &&
    isPlainAgent(seen.secureGlobalAgent, https.Agent)
  return !isPlain
}

const { toString: sourceOf } = Function.prototype

function isNative(given: unknown, [beginning, within]: Native): boolean {
  if (typeof given !== 'function' || types.isProxy(given)) return false
  const source = sourceOf.call(given)
  return beginning.test(source) && source.includes(within)
}

function isPlainAgent(given: unknown, Agent: typeof http.Agent): boolean {
  return typeof given === 'object' && given !== null && Object.getPrototypeOf(given) === Agent.prototype
}

/** Whether an agent reaches servers as its class does, and in no way of its own. */
function hasUsualWays(given: AgentParts, { prototype: usual }: { readonly prototype: AgentParts }): boolean {
  return (
    given.addRequest === usual.addRequest &&
    given.createSocket === usual.createSocket &&
    given.createConnection === usual.createConnection
  )
}

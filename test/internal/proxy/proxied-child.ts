// A process of its own, which trusts the certificate of the servers behind the proxy and can reach them in no other way.
import { hostChecks } from '#src/cli/doctor/machine.js'
import { askAuthority } from '#src/custody/crypto/timestamp/authority.js'
import { eventBridgeNotifier, KmsSigner, webhookNotifier } from '#src/node.js'
import type { Notice } from '#src/ports/notifier.js'
import { MapEngine, S3BatchEngine, S3ShardStore } from '#src/scale-aws.js'

const at = (name: string) => `https://${name}.s3.proxied.test`
const region = 'eu-west-1'
const signal = new AbortController().signal
const notice = { kind: 'run-finished', hold: { tag: 'matter-1' } } as unknown as Notice
const { env } = process
const terminal = { out: () => {}, err: () => {}, env, signal }
const resolved = {
  matter: { genesys: { endpoint: at('genesys') } },
  file: undefined,
  folder: '.',
  notes: [],
  unset: [],
}

const account = '111122223333'
const retry = { retries: 0 }
const functionArn = `arn:aws:lambda:${region}:${account}:function:worker:7`
const roleArn = `arn:aws:iam::${account}:role/batch`
const stateMachineArn = `arn:aws:states:${region}:${account}:stateMachine:shards`
const execution = `arn:aws:states:${region}:${account}:execution:shards:x`
const store = { bucket: 'evidence', region, endpoint: at('store'), retry }
const batch = { bucket: 'evidence', accountId: account, functionArn, roleArn, region, endpoint: at('batch'), retry }
const map = { bucket: 'evidence', stateMachineArn, region, endpoint: at('states'), retry }

const attempts: Readonly<Record<string, () => Promise<unknown>>> = {
  webhook: async () => webhookNotifier({ url: `${at('hooks')}/x` })(notice, { signal }),
  authority: async () => Buffer.from(await askAuthority(at('tsa'), Buffer.from('query'), {})).toString(),
  kms: () => new KmsSigner({ keyId: 'k', region, endpoint: at('kms') }).publicKey(),
  events: async () => eventBridgeNotifier({ bus: 'b', region, endpoint: at('events') })(notice, { signal }),
  store: async () => Buffer.from((await new S3ShardStore(store).read('plan')) ?? []).toString(),
  batch: () => new S3BatchEngine(batch).get('job'),
  states: () => new MapEngine(map).get(execution),
  doctor: async () => (await hostChecks(resolved, terminal)).checks,
}
const said: Record<string, unknown> = {}
for (const [name, attempt] of Object.entries(attempts)) {
  said[name] = await attempt().then(
    (value) => value ?? 'done',
    (error: Error) => `${error.name}: ${error.message}`,
  )
}
console.log(JSON.stringify(said))

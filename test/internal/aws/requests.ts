import { eventBridgeNotifier, KmsSigner, snsNotifier } from '#src/node.js'
import { MapEngine, S3BatchEngine } from '#src/scale-aws.js'
import { notice } from '../../notify/notice.js'

const region = 'eu-west-1'
const topicArn = `arn:aws:sns:${region}:111122223333:t`
const batchOptions = {
  accountId: '111122223333',
  functionArn: `arn:aws:lambda:${region}:111122223333:function:worker:7`,
  roleArn: 'arn:aws:iam::111122223333:role/batch',
}
const stateMachineArn = `arn:aws:states:${region}:111122223333:stateMachine:shards:1`
const shards = { bucket: 'evidence', region, retry: { retries: 0 } }

/** A request of each client, by the name that the environment has for its service. */
export type Requests = Readonly<Record<string, (options: { readonly endpoint?: string }) => Promise<unknown>>>

/** They look for credentials in the environment. */
export const requestsOf = (): Requests => ({
  KMS: (options) => new KmsSigner({ keyId: 'k', region, ...options }).publicKey(),
  SNS: async (options) => snsNotifier({ topicArn, ...options })(notice, {}),
  EVENTBRIDGE: async (options) => eventBridgeNotifier({ bus: 'legal', region, ...options })(notice, {}),
  S3_CONTROL: async (options) => new S3BatchEngine({ ...shards, ...batchOptions, ...options }).get('job'),
  SFN: async (options) =>
    new MapEngine({ ...shards, stateMachineArn, ...options }).get(
      `${stateMachineArn.replace('stateMachine', 'execution')}:job`,
    ),
})

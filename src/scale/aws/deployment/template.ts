import type { IamPolicyOptions } from '../../../storage/s3/inspect/iam-policy.js'
import { type ScaleRole, scalePolicies } from './policies.js'
import { stateMachineDefinition } from './state-machine.js'

/** Options of {@link deploymentTemplate}. */
export interface DeploymentOptions {
  /** Name of the bucket of the shard store, which the template creates. */
  readonly evidenceBucket: string
  /** What a run does to the recordings: as for `requiredIamPolicy`. */
  readonly recordings: IamPolicyOptions
  /** Bucket that S3 delivers inventories to: the coordinator may read it. @defaultValue none */
  readonly inventoryBucket?: string | undefined
  /** Location of the zipped bundle of the worker. `examples/lambda` builds one. */
  readonly code: { readonly bucket: string; readonly key: string; readonly versionId?: string | undefined }
  /** Shards at once. S3 Batch Operations does not limit them, so the function must. @defaultValue 100 */
  readonly reservedConcurrency?: number | undefined
  /** Memory of the function in MB, from 128 to 10240; its share of processors grows with it. @defaultValue 1024 */
  readonly memoryMb?: number | undefined
  /**
   * Variables of the function's environment beside `EVIDENCE_BUCKET` and `EXPORT_BUCKET`, which name the two buckets.
   * Secrets belong in Secrets Manager.
   *
   * @defaultValue none
   */
  readonly environment?: Readonly<Record<string, string>> | undefined
  /** @defaultValue 'nodejs22.x' */
  readonly runtime?: string | undefined
  /** File and export of the handler. It must serve the engine that is used. @defaultValue 'handler.handler' */
  readonly handler?: string | undefined
  /** How many days the function's log is kept. CloudWatch accepts only certain numbers. @defaultValue 365 */
  readonly logDays?: number | undefined
  /**
   * Number of the deployment. A version of a function is published once, and again when the number changes.
   *
   * @defaultValue 1
   */
  readonly release?: number | undefined
}

/** A CloudFormation template as plain JSON. */
export interface DeploymentTemplate {
  readonly AWSTemplateFormatVersion: '2010-09-09'
  readonly Description: string
  readonly Resources: Readonly<Record<string, DeploymentResource>>
  readonly Outputs: Readonly<Record<string, { readonly Description: string; readonly Value: unknown }>>
}

/** One resource of a {@link DeploymentTemplate}. */
export interface DeploymentResource {
  readonly Type: string
  readonly DeletionPolicy?: 'Retain'
  readonly UpdateReplacePolicy?: 'Retain'
  readonly DependsOn?: readonly string[]
  readonly Properties: Readonly<Record<string, unknown>>
}

const names = { function: 'legal-hold-worker', batch: 'legal-hold-batch', machine: 'legal-hold-shards' } as const

/** What CloudFormation puts a value in place of. */
const placeholder = (name: string) => `\${${name}}`
const pseudoStart = placeholder('AWS::').slice(0, -1)
const pseudo = (name: string) => placeholder(`AWS::${name}`)

/**
 * What a run over many machines needs on AWS, as a CloudFormation template. It contains:
 *
 * - the evidence bucket with versioning and Object Lock
 * - the roles of {@link scalePolicies}
 * - the worker's function with a published version
 * - the state machine
 *
 * The bucket is kept when the stack is deleted. It has no default retention: neither S3 Batch Operations nor Step
 * Functions is documented to write to a bucket that has one.
 *
 * @example
 * ```ts
 * const template = deploymentTemplate({
 *   evidenceBucket: 'legal-hold-evidence',
 *   recordings: { bucket: 'recordings', legalHold: true },
 *   code: { bucket: 'artifacts', key: 'legal-hold-worker.zip' },
 * })
 * await writeFile('stack.json', JSON.stringify(template, null, 2))
 * ```
 */
export function deploymentTemplate(options: DeploymentOptions): DeploymentTemplate {
  const { evidenceBucket, release = 1 } = options
  const policies = scalePolicies({
    accountId: pseudo('AccountId'),
    region: pseudo('Region'),
    partition: pseudo('Partition'),
    evidenceBucket,
    recordings: options.recordings,
    inventoryBucket: options.inventoryBucket,
    functionName: names.function,
    batchRoleName: names.batch,
    stateMachineName: names.machine,
  })
  const version = `WorkerVersion${release}`
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: 'Shards of genesys-legal-hold-exporter',
    Resources: {
      EvidenceBucket: evidenceBucketOf(evidenceBucket),
      EvidenceBucketPolicy: {
        Type: 'AWS::S3::BucketPolicy',
        Properties: { Bucket: { Ref: 'EvidenceBucket' }, PolicyDocument: onlyEncrypted(evidenceBucket) },
      },
      WorkerRole: roleOf('legal-hold-worker', policies.worker),
      BatchRole: roleOf(names.batch, policies.job),
      MapRole: roleOf('legal-hold-map', policies.map),
      WorkerLog: {
        Type: 'AWS::Logs::LogGroup',
        Properties: { LogGroupName: `/aws/lambda/${names.function}`, RetentionInDays: options.logDays ?? 365 },
      },
      Worker: workerOf(options),
      [version]: {
        Type: 'AWS::Lambda::Version',
        // A job that runs names its version.
        DeletionPolicy: 'Retain',
        UpdateReplacePolicy: 'Retain',
        Properties: { FunctionName: { Ref: 'Worker' }, Description: `Release ${release}` },
      },
      Shards: {
        Type: 'AWS::StepFunctions::StateMachine',
        Properties: {
          StateMachineName: names.machine,
          StateMachineType: 'STANDARD',
          RoleArn: { 'Fn::GetAtt': ['MapRole', 'Arn'] },
          // CloudFormation substitutes within the definition.
          Definition: stateMachineDefinition({
            functionArn: placeholder('WorkerArn'),
            partition: placeholder('Partition'),
          }),
          DefinitionSubstitutions: { WorkerArn: { Ref: version }, Partition: { Ref: 'AWS::Partition' } },
        },
      },
      CoordinatorPolicy: {
        Type: 'AWS::IAM::ManagedPolicy',
        Properties: {
          Description: 'For the person or service that runs the coordinator',
          PolicyDocument: substituted(policies.coordinator),
        },
      },
    },
    Outputs: {
      FunctionArn: { Description: 'functionArn of S3BatchEngine', Value: { Ref: version } },
      BatchRoleArn: { Description: 'roleArn of S3BatchEngine', Value: { 'Fn::GetAtt': ['BatchRole', 'Arn'] } },
      StateMachineArn: { Description: 'stateMachineArn of MapEngine', Value: { Ref: 'Shards' } },
      EvidenceBucketName: { Description: 'bucket of S3ShardStore', Value: { Ref: 'EvidenceBucket' } },
      CoordinatorPolicyArn: { Description: 'For the role of the coordinator', Value: { Ref: 'CoordinatorPolicy' } },
    },
  }
}

function evidenceBucketOf(name: string): DeploymentResource {
  return {
    Type: 'AWS::S3::Bucket',
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      BucketName: name,
      VersioningConfiguration: { Status: 'Enabled' },
      ObjectLockEnabled: true,
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    },
  }
}

function onlyEncrypted(bucket: string): object {
  const arn = `arn:\${AWS::Partition}:s3:::${bucket}`
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'OnlyEncryptedConnections',
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Resource: [substituted(arn), substituted(`${arn}/*`)],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ],
  }
}

function roleOf(name: string, { trust, policy }: ScaleRole): DeploymentResource {
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      RoleName: name,
      AssumeRolePolicyDocument: substituted(trust),
      Policies: [{ PolicyName: name, PolicyDocument: substituted(policy) }],
    },
  }
}

function workerOf(options: DeploymentOptions): DeploymentResource {
  const { code, runtime = 'nodejs22.x', handler = 'handler.handler', environment, evidenceBucket, recordings } = options
  return {
    Type: 'AWS::Lambda::Function',
    DependsOn: ['WorkerLog'],
    Properties: {
      FunctionName: names.function,
      Runtime: runtime,
      Handler: handler,
      Role: { 'Fn::GetAtt': ['WorkerRole', 'Arn'] },
      Code: {
        S3Bucket: code.bucket,
        S3Key: code.key,
        ...(code.versionId === undefined ? {} : { S3ObjectVersion: code.versionId }),
      },
      MemorySize: options.memoryMb ?? 1024,
      Timeout: 900,
      ReservedConcurrentExecutions: options.reservedConcurrency ?? 100,
      Environment: {
        Variables: { EVIDENCE_BUCKET: evidenceBucket, EXPORT_BUCKET: recordings.bucket, ...environment },
      },
    },
  }
}

/** Texts in which an account, a region or a partition stands are for CloudFormation to fill. */
function substituted(value: unknown): unknown {
  if (typeof value === 'string') return value.includes(pseudoStart) ? { 'Fn::Sub': value } : value
  if (Array.isArray(value)) return value.map(substituted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, substituted(one)]))
}

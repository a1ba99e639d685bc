import { type IamPolicyOptions, requiredIamPolicy } from '../../../storage/s3/inspect/iam-policy.js'

/** Options of {@link scalePolicies}. */
export interface ScalePolicyOptions {
  /** Account that everything belongs to, 12 digits. */
  readonly accountId: string
  readonly region: string
  /** Bucket of the shard store. */
  readonly evidenceBucket: string
  /** What a run does to the recordings: as for `requiredIamPolicy`. */
  readonly recordings: IamPolicyOptions
  /** Bucket that S3 delivers inventories to, or that results of Athena lie in. @defaultValue none */
  readonly inventoryBucket?: string | undefined
  /** Name of the worker's function. @defaultValue 'legal-hold-worker' */
  readonly functionName?: string | undefined
  /** Name of the role that S3 Batch Operations assumes. @defaultValue 'legal-hold-batch' */
  readonly batchRoleName?: string | undefined
  /** Name of the state machine. @defaultValue 'legal-hold-shards' */
  readonly stateMachineName?: string | undefined
  /** Prefix in the evidence bucket where engines write. @defaultValue 'engine/' */
  readonly enginePrefix?: string | undefined
  /** `aws-cn` and `aws-us-gov` have other ARNs. @defaultValue 'aws' */
  readonly partition?: string | undefined
}

/** One statement of a {@link ScalePolicy}. */
export interface ScaleStatement {
  readonly Sid: string
  readonly Effect: 'Allow'
  readonly Action: readonly string[]
  readonly Resource?: readonly string[]
  readonly Principal?: { readonly Service: string }
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>
}

/** An IAM policy document, ready for `JSON.stringify`. */
export interface ScalePolicy {
  readonly Version: '2012-10-17'
  readonly Statement: readonly ScaleStatement[]
}

/** A role: who may assume it, and what it allows. */
export interface ScaleRole {
  readonly trust: ScalePolicy
  readonly policy: ScalePolicy
}

/** The roles of a run over many machines. None deletes an object, and none bypasses a retention. */
export interface ScalePolicies {
  /** Role of S3 Batch Operations, which reads the manifest, invokes the worker and writes the report. */
  readonly job: ScaleRole
  /** Role of the state machine, which reads the list of items, invokes the worker and writes the results. */
  readonly map: ScaleRole
  /** Role of the worker's function. */
  readonly worker: ScaleRole
  /** Policy for the person, server or pipeline that runs the coordinator. */
  readonly coordinator: ScalePolicy
}

const policy = (...statements: readonly ScaleStatement[]): ScalePolicy => ({
  Version: '2012-10-17',
  Statement: statements,
})

const allow = (Sid: string, Action: readonly string[], ...Resource: readonly string[]): ScaleStatement => ({
  Sid,
  Effect: 'Allow',
  Action,
  Resource,
})

/**
 * The smallest policies for a run over many machines.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-iam-role-policies.html
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
 */
export function scalePolicies(options: ScalePolicyOptions): ScalePolicies {
  const { accountId, region, evidenceBucket, recordings, inventoryBucket } = options
  const { partition = 'aws', enginePrefix = 'engine/' } = options
  const { functionName = 'legal-hold-worker', batchRoleName = 'legal-hold-batch' } = options
  const { stateMachineName = 'legal-hold-shards' } = options
  const bucket = `arn:${partition}:s3:::${evidenceBucket}`
  const engine = `${bucket}/${enginePrefix}*`
  // Every version: each deployment makes another.
  const versions = `arn:${partition}:lambda:${region}:${accountId}:function:${functionName}:*`
  const ofStates = (kind: string) => `arn:${partition}:states:${region}:${accountId}:${kind}:${stateMachineName}`
  const invoke = allow('InvokeWorker', ['lambda:InvokeFunction'], versions)
  const onRecordings = requiredIamPolicy({ partition, ...recordings }).Statement
  const store = [
    allow('ListStore', ['s3:ListBucket'], bucket),
    allow('ReadAndWriteStore', ['s3:GetObject', 's3:PutObject'], `${bucket}/*`),
  ]
  const inventories = `arn:${partition}:s3:::${inventoryBucket}`
  const ofInventories = [
    allow('ListInventories', ['s3:ListBucket'], inventories),
    allow('ReadInventories', ['s3:GetObject'], `${inventories}/*`),
  ]
  const trust = (Service: string): ScalePolicy =>
    policy({
      Sid: 'TakeRole',
      Effect: 'Allow',
      Principal: { Service },
      Action: ['sts:AssumeRole'],
      ...(Service === 'lambda.amazonaws.com'
        ? {}
        : { Condition: { StringEquals: { 'aws:SourceAccount': accountId } } }),
    })
  return {
    job: {
      trust: trust('batchoperations.s3.amazonaws.com'),
      policy: policy(
        invoke,
        allow('ReadManifest', ['s3:GetObject', 's3:GetObjectVersion'], engine),
        allow('WriteReport', ['s3:PutObject'], engine),
      ),
    },
    map: {
      trust: trust('states.amazonaws.com'),
      policy: policy(
        invoke,
        allow('ReadItems', ['s3:GetObject'], engine),
        // Large results are uploaded in parts.
        allow('WriteResults', ['s3:PutObject', 's3:ListMultipartUploadParts', 's3:AbortMultipartUpload'], engine),
        allow('StartChildren', ['states:StartExecution'], ofStates('stateMachine')),
        allow('FollowChildren', ['states:DescribeExecution', 'states:StopExecution'], `${ofStates('execution')}:*`),
        allow('Redrive', ['states:RedriveExecution'], `${ofStates('execution')}/*`),
      ),
    },
    worker: {
      trust: trust('lambda.amazonaws.com'),
      policy: policy(
        ...store,
        ...onRecordings,
        allow(
          'WriteLog',
          ['logs:CreateLogStream', 'logs:PutLogEvents'],
          `arn:${partition}:logs:${region}:${accountId}:log-group:/aws/lambda/${functionName}:*`,
        ),
      ),
    },
    coordinator: policy(
      ...store,
      // For doctor.
      allow('SeeStore', ['s3:GetBucketVersioning', 's3:GetBucketObjectLockConfiguration'], bucket),
      ...onRecordings,
      ...(inventoryBucket === undefined ? [] : ofInventories),
      // Creating and listing know no resource.
      allow('CreateJobs', ['s3:CreateJob', 's3:ListJobs'], '*'),
      allow('FollowJobs', ['s3:DescribeJob', 's3:UpdateJobStatus'], `arn:${partition}:s3:${region}:${accountId}:job/*`),
      {
        ...allow('HandOverRole', ['iam:PassRole'], `arn:${partition}:iam::${accountId}:role/${batchRoleName}`),
        Condition: { StringEquals: { 'iam:PassedToService': 'batchoperations.s3.amazonaws.com' } },
      },
      allow(
        'SeeStateMachine',
        ['states:DescribeStateMachine'],
        ofStates('stateMachine'),
        `${ofStates('stateMachine')}:*`,
      ),
      allow('StartExecutions', ['states:StartExecution'], ofStates('stateMachine'), `${ofStates('stateMachine')}:*`),
      allow(
        'FollowExecutions',
        ['states:DescribeExecution', 'states:StopExecution', 'states:RedriveExecution', 'states:ListMapRuns'],
        `${ofStates('execution')}:*`,
      ),
      allow('FollowMapRuns', ['states:DescribeMapRun'], `${ofStates('mapRun')}/*`),
    ),
  }
}

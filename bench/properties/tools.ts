import { execFile } from 'node:child_process'
import { LegalHoldExporter } from 'genesys-legal-hold-exporter'
import { RecordingJobsPlatform } from 'genesys-legal-hold-exporter/genesys'
import { S3StorageAdapter } from 'genesys-legal-hold-exporter/s3'
import { type Place, tag } from './object.ts'

/** One way to write the tag into an object's metadata. */
export interface Tool {
  readonly name: string
  /** Its version, or `undefined` where it is not installed. */
  version(): Promise<string | undefined>
  /** The command as it is documented to be given. Only the tag is asked for. */
  readonly command: string
  repair(place: Place, key: string): Promise<void>
}

interface Ended {
  readonly code: number
  readonly out: string
}

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(command, args, { env: { ...process.env, ...env }, timeout: 60_000 }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number((error as { code?: unknown }).code) || 1, out: out + err }),
    )
  })
}

async function versionOf(command: string, args: readonly string[], pattern: RegExp): Promise<string | undefined> {
  const { code, out } = await run(command, args)
  return code === 0 ? pattern.exec(out)?.[1] : undefined
}

async function must(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const { code, out } = await run(command, args, env)
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${out.trim().split('\n').at(-1)}`)
}

function awsEnvironment({ accessKeyId, secretAccessKey, region }: Place): NodeJS.ProcessEnv {
  return {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EC2_METADATA_DISABLED: 'true',
    // Nothing that the machine's owner has configured takes part.
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    RCLONE_CONFIG: '/dev/null',
  }
}

const library: Tool = {
  name: 'this library',
  version: async () => process.env.npm_package_version,
  command: 'exporter.remediate({ prefix })',
  async repair({ bucket, region, endpoint, accessKeyId, secretAccessKey }, key) {
    const storage = new S3StorageAdapter({
      bucket,
      region,
      endpoint,
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
    })
    try {
      const exporter = new LegalHoldExporter({
        platform: new RecordingJobsPlatform({ region: 'eu-west-1', clientId: 'unused', clientSecret: 'unused' }),
        storage,
        hold: { tag },
      })
      for await (const { outcome, reason } of exporter.remediate({ prefix: key })) {
        if (outcome !== 'repaired') throw new Error(`${outcome}: ${reason}`)
      }
    } finally {
      storage.close()
    }
  },
}

const awscli: Tool = {
  name: 'aws s3 cp',
  version: () => versionOf('aws', ['--version'], /aws-cli\/(\S+)/),
  command: `aws s3 cp s3://B/K s3://B/K --metadata-directive REPLACE --metadata legal-hold-tag=T`,
  async repair(place, key) {
    const url = `s3://${place.bucket}/${key}`
    const metadata = ['--metadata-directive', 'REPLACE', '--metadata', `legal-hold-tag=${tag}`]
    await must('aws', ['--endpoint-url', place.endpoint, 's3', 'cp', url, url, ...metadata], awsEnvironment(place))
  },
}

const rclone: Tool = {
  name: 'rclone copyto',
  version: () => versionOf('rclone', ['version'], /^rclone v(\S+)/),
  command:
    'rclone copyto r:B/K r:B/K.new --metadata --metadata-set legal-hold-tag=T --disable Copy && rclone moveto r:B/K.new r:B/K --metadata',
  async repair(place, key) {
    // A copy onto itself is "Nothing to do", and one on the server takes the metadata along as it is.
    const remote = `:s3:${place.bucket}/${key}`
    const env = {
      ...awsEnvironment(place),
      RCLONE_S3_PROVIDER: 'Other',
      RCLONE_S3_ENV_AUTH: 'true',
      RCLONE_S3_REGION: place.region,
      RCLONE_S3_ENDPOINT: place.endpoint,
      RCLONE_S3_NO_CHECK_BUCKET: 'true',
      // Or it takes the ETag of an object under KMS for its MD5, and the upload for damaged.
      RCLONE_S3_SERVER_SIDE_ENCRYPTION: 'aws:kms',
      // With a certificate bundle of its own, the AWS library in rclone refuses rclone's connection.
      AWS_CA_BUNDLE: undefined,
    }
    const set = ['--metadata', '--metadata-set', `legal-hold-tag=${tag}`, '--disable', 'Copy']
    await must('rclone', ['copyto', remote, `${remote}.new`, ...set], env)
    await must('rclone', ['moveto', `${remote}.new`, remote, '--metadata', '--ignore-times'], env)
  },
}

const s5cmd: Tool = {
  name: 's5cmd cp',
  version: () => versionOf('s5cmd', ['version'], /^v?(\S+)/),
  command: 's5cmd cp --metadata-directive REPLACE --metadata legal-hold-tag=T s3://B/K s3://B/K',
  async repair(place, key) {
    const url = `s3://${place.bucket}/${key}`
    const metadata = ['--metadata-directive', 'REPLACE', '--metadata', `legal-hold-tag=${tag}`]
    await must('s5cmd', ['--endpoint-url', place.endpoint, 'cp', ...metadata, url, url], awsEnvironment(place))
  },
}

const s3cmd: Tool = {
  name: 's3cmd modify',
  version: () => versionOf('s3cmd', ['--version'], /s3cmd version (\S+)/),
  command: 's3cmd modify --add-header=x-amz-meta-legal-hold-tag:T s3://B/K',
  async repair(place, key) {
    const { host } = new URL(place.endpoint)
    const server = [
      '--no-ssl',
      `--host=${host}`,
      `--host-bucket=${host}`,
      `--region=${place.region}`,
      '--config=/dev/null',
    ]
    const keys = [`--access_key=${place.accessKeyId}`, `--secret_key=${place.secretAccessKey}`]
    const header = `--add-header=x-amz-meta-legal-hold-tag:${tag}`
    await must('s3cmd', [...server, ...keys, 'modify', header, `s3://${place.bucket}/${key}`], awsEnvironment(place))
  },
}

export const tools: readonly Tool[] = [library, awscli, rclone, s5cmd, s3cmd]

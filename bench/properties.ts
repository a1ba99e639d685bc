// What a metadata repair leaves of each property, with this library and with other tools: npm run bench:properties
import * as S3 from '@aws-sdk/client-s3'
import { S3Simulator } from 'genesys-legal-hold-exporter/testing'
import { flags } from './flags.ts'
import { look, type Place, type Properties, put, type Seen, tag } from './properties/object.ts'
import { type Tool, tools } from './properties/tools.ts'

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

const help = `Writes one object with every property for each tool, has the tool write the hold's tag into its metadata, and prints as a
Markdown table what is left. Tools that are not installed are named and left out.

  npm run bench:properties -- [flags]

  --s3-endpoint URL   a server instead of the simulator, with credentials from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY
                      and AWS_REGION; a bucket with Object Lock is made there, and stays
  --details           print each difference as well
`

interface Column {
  readonly tool: Tool
  readonly version: string
  readonly before: Properties
  readonly after?: Seen
  /** What became of a delivered version that carried no lock. */
  readonly original?: 'held' | 'deletable' | 'gone' | undefined
  readonly problem?: string
}

async function main(): Promise<void> {
  const values = flags({ 's3-endpoint': { type: 'string' }, details: { type: 'boolean' } }, help.trimEnd())
  const { place, close } = await open(values['s3-endpoint'])
  try {
    const columns: Column[] = []
    const absent: string[] = []
    for (const tool of tools) {
      const version = await tool.version()
      if (version === undefined) absent.push(tool.name)
      else columns.push(await compare(place, tool, version, columns.length))
    }
    process.stdout.write(table(columns, absent))
    if (values.details) process.stdout.write(details(columns))
  } finally {
    place.client.destroy()
    await close()
  }
}

async function open(endpoint: string | undefined): Promise<{ place: Place; close: () => Promise<void> }> {
  const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '', AWS_REGION = 'us-east-1' } = process.env
  const simulator = endpoint === undefined ? new S3Simulator() : undefined
  const listener = await simulator?.listen()
  const { accessKeyId, secretAccessKey } =
    simulator === undefined
      ? { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY }
      : S3Simulator.defaultCredentials
  const where = {
    endpoint: listener?.endpoint ?? endpoint ?? '',
    region: simulator?.region ?? AWS_REGION,
    bucket: `legal-hold-properties-${Date.now()}`,
    accessKeyId,
    secretAccessKey,
  }
  const client = new S3.S3Client({
    endpoint: where.endpoint,
    region: where.region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  const bucket = { objectLock: true, objectOwnership: 'ObjectWriter', publicAccessBlock: null } as const
  if (simulator !== undefined) simulator.createBucket(where.bucket, bucket)
  else await client.send(new S3.CreateBucketCommand({ Bucket: where.bucket, ObjectLockEnabledForBucket: true }))
  const close = async () => {
    await listener?.close()
    simulator?.close()
  }
  return { place: { ...where, client }, close }
}

async function compare(place: Place, tool: Tool, version: string, at: number): Promise<Column> {
  const [key, unlocked] = [`org/tool-${at}/call.ogg`, `org/tool-${at}/unlocked.ogg`]
  await put(place, key)
  await put(place, unlocked, false)
  const { properties: before } = await look(place, key)
  const delivered = await look(place, unlocked)
  try {
    await tool.repair(place, key)
    await tool.repair(place, unlocked)
  } catch (error) {
    return { tool, version, before, problem: error instanceof Error ? error.message : String(error) }
  }
  const after = await look(place, key)
  return { tool, version, before, after, original: await originalOf(place, unlocked, delivered.versionId) }
}

async function originalOf(
  place: Place,
  key: string,
  versionId: string | undefined,
): Promise<'held' | 'deletable' | 'gone'> {
  try {
    const { properties } = await look(place, key, versionId)
    return properties['Object Lock hold'] === 'ON' ? 'held' : 'deletable'
  } catch {
    return 'gone'
  }
}

function table(columns: readonly Column[], absent: readonly string[]): string {
  const heads = columns.map(({ tool, version }) => `${tool.name} ${version}`)
  const names = Object.keys(columns[0]?.before ?? {})
  const rows = [
    [
      'tag written',
      ...columns.map(({ after, problem }) => (problem ? 'refused' : after?.holdTag === tag ? 'yes' : 'no')),
    ],
    ...names.map((name) => [name, ...columns.map((column) => verdict(column, name))]),
    [
      'delivered original beneath',
      ...columns.map(({ original }) => (original === 'held' ? original : `**${original ?? ''}**`)),
    ],
  ]
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`
  const notes = absent.length === 0 ? '' : `\nNot installed: ${absent.join(', ')}.\n`
  return line(['', ...heads]) + line(['', ...heads].map(() => '---')) + rows.map(line).join('') + notes
}

/** What became of one property. */
function verdict({ before, after }: Column, name: string): string {
  const was = before[name]
  if (after === undefined) return ''
  const is = after.properties[name]
  if (was === is) return was === undefined ? 'not on this server' : 'kept'
  return is === undefined ? '**lost**' : '**changed**'
}

function details(columns: readonly Column[]): string {
  return columns
    .map(({ tool, before, after, problem }) => {
      const differences = Object.keys(before).filter((name) => after && after.properties[name] !== before[name])
      const lines = differences.map((name) => `  ${name}: ${before[name]} -> ${after?.properties[name]}`)
      return `\n${tool.name}: ${tool.command}\n${[...(problem ? [`  ${problem}`] : []), ...lines].join('\n')}\n`
    })
    .join('')
}

await main()

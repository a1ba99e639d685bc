import { spawn, spawnSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import { columnsOf } from '#src/progress/fit.js'
import { startSimulators } from '#src/testing/index.js'

// What an export shows on terminals of three widths. Node has no pseudoterminal: `script` of util-linux makes one.

const root = fileURLToPath(new URL('../../', import.meta.url))
const command = process.env.CLI_UNDER_TEST ?? `'${process.execPath}' '${root}dist/cli.js'`
const hasScript = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true
if (!hasScript) console.warn('`script` of util-linux is not installed: nothing is shown on a terminal here')

const wordsOf = (text: string) => text.match(/[A-Za-z]{3,}/g) ?? []

/** Every word that the sources have, in messages or otherwise: a part of one is not among them. */
const wordsOfSources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.ts$/.test(name))
  .flatMap((name) => wordsOf(readFileSync(join(root, 'src', name), 'utf8')))

/** Runs a line of shell on a terminal of some columns. */
function onTerminal(line: string, columns: number, options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv }) {
  const child = spawn('script', ['-qfec', `stty cols ${columns} rows 50; ${line}`, '/dev/null'], options)
  let said = ''
  child.stdout.on('data', (piece) => {
    said += piece
  })
  return new Promise<{ code: number | null; said: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, said }))
  })
}

describe.runIf(hasScript)('on a terminal', () => {
  // Each waits for its landing most of its time.
  test.concurrent.each([60, 80, 120])('of %i columns an export wraps nothing and breaks no word', async (columns) => {
    const cwd = mkdtempSync(join(tmpdir(), 'columns-'))
    // Slow enough for its progress to be seen.
    const simulators = await startSimulators({ scenario: { count: 5 }, latencyMs: 30 })
    try {
      const { genesys, s3 } = simulators.description
      const { start, end } = simulators.scenario.interval
      const { PATH = '', HOME = '' } = process.env
      const env = {
        ...{ PATH, HOME, TERM: 'xterm', SHELL: '/bin/sh' },
        GENESYS_CLIENT_ID: genesys.clientId,
        GENESYS_CLIENT_SECRET: genesys.clientSecret,
        AWS_ACCESS_KEY_ID: s3.accessKeyId,
        AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
        GENESYS_ENDPOINT: genesys.endpoint,
        S3_ENDPOINT: s3.endpoint,
      }
      const flags = `--region eu-west-1 --integration ${genesys.integrationId} --bucket ${s3.bucket} --bucket-region ${s3.region} --hold doe-v-acme --matter doe-v-acme --interval ${start}/${end}`
      // Without a terminal, on which it would ask for what is not given.
      const init = spawnSync('sh', ['-c', `${command} init ${flags}`], { cwd, env, input: '', encoding: 'utf8' })
      expect(init).toMatchObject({ status: 0 })
      appendFileSync(join(cwd, 'matter.yaml'), 'polling: { minIntervalMs: 200, maxIntervalMs: 500 }\n')
      const exporting = `${command} export --config matter.yaml --accept retention-deletes-before-hold --reason Answered`
      const { code, said } = await onTerminal(exporting, columns, { cwd, env })
      expect(code).toBe(0)
      const lines = stripVTControlCharacters(said).split(/\r?\n|\r/)
      // The progress was drawn over itself, and more than once.
      expect(said.split('\u001b[').length).toBeGreaterThan(10)
      const paths = [cwd, ...Object.values(env), flags]
      // A path or a fingerprint has no place at which it could be broken: it stands on a line of its own.
      const isWhole = (line: string) => !line.trim().includes(' ')
      const wide = lines.filter((line) => columnsOf(line) > columns && !isWhole(line))
      expect(wide).toEqual([])
      const known = new Set([...wordsOfSources, ...paths.flatMap(wordsOf)])
      const ids = /[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32,}|\b(?=\w*\d)\w+\b/g
      const strange = lines.flatMap((line) => wordsOf(line.replace(ids, ' '))).filter((word) => !known.has(word))
      expect([...new Set(strange)]).toEqual([])
    } finally {
      await simulators.close()
    }
  })
})

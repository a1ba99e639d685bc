import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { commands } from '#src/cli/commands.js'
import { parse } from '#src/cli/program.js'
import { blocks } from '../docs/pages.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string) => readFileSync(join(root, path), 'utf8')

/** Whether the command takes these arguments: an unknown flag throws. */
function accepted(args: readonly string[]): boolean {
  const command = commands.find(({ name }) => name === args[0])
  return command !== undefined && parse(command, args.slice(1)).text('config') !== undefined
}

const recipes = blocks.filter(({ page }) => page === 'docs/deployment.md')
const recipe = (marker: string) => recipes.find(({ code }) => code.includes(marker))?.code ?? ''

describe('the container image', () => {
  const dockerfile = read('Dockerfile')
  const lines = dockerfile
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))

  test('is of Node 22 slim, and runs as a user without rights', () => {
    const bases = lines.filter((line) => line.startsWith('FROM ')).map((line) => line.split(' ')[1])
    expect(new Set(bases)).toEqual(new Set(['node:22-slim']))
    const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')))
    const [user, entry] = ['USER ', 'ENTRYPOINT '].map((word) => last.findIndex((line) => line.startsWith(word)))
    expect(last[user!]).toBe('USER node')
    expect(user!).toBeLessThan(entry!)
    // Everything after the user is changed only declares.
    expect(last.slice(user!).filter((line) => /^(RUN|COPY|ADD) /.test(line))).toEqual([])
    expect(last.at(entry!)).toBe('ENTRYPOINT ["/app/node_modules/.bin/genesys-legal-hold-exporter"]')
  })

  test('takes no secret and no foreign file into it', () => {
    expect(lines.filter((line) => /^(ADD|ARG) |SECRET|PASSWORD|TOKEN/.test(line))).toEqual([])
    const ignored = read('.dockerignore').split('\n')
    for (const name of ['.git', 'node_modules', 'matter.yaml', '*.pem', 'legal-hold']) expect(ignored).toContain(name)
  })

  const hasDocker = spawnSync('docker', ['info'], { stdio: 'ignore', timeout: 10_000 }).status === 0
  if (!hasDocker) console.warn('docker does not run here: the image is linted, and not built')
  test.runIf(hasDocker)('is built, and works on a read-only root file system', () => {
    execFileSync('docker', ['build', '--quiet', '--tag', 'legal-hold-exporter:test', root], { stdio: 'pipe' })
    const run = ['run', '--rm', '--read-only', '--tmpfs', '/tmp', '--network', 'none', 'legal-hold-exporter:test']
    const version = execFileSync('docker', [...run, '--version'], { encoding: 'utf8' })
    expect(version.trim()).toBe(JSON.parse(read('package.json')).version)
  })
})

describe('the GitHub Action', () => {
  const action = parseYaml(read('action.yml'))
  const step = action.runs.steps.find(({ id }: { id?: string }) => id === 'run')

  test('puts no input into the text of its script, and uses each of them', () => {
    expect(step.run).not.toContain('${{')
    const used = Object.values<string>(step.env).map((value) => /^\$\{\{ inputs\.(\w+) \}\}$/.exec(value)?.[1])
    expect(used.sort()).toEqual(Object.keys(action.inputs).sort())
    expect(action.inputs.version.default).toBe(JSON.parse(read('package.json')).version)
  })

  test('is a script that bash reads, and that runs nothing but verify and export', () => {
    const folder = mkdtempSync(join(tmpdir(), 'action-'))
    // In the place of npx: it prints what it was given.
    writeFileSync(join(folder, 'npx'), '#!/bin/sh\nfor one in "$@"; do echo "$one"; done\n', { mode: 0o755 })
    const run = (command: string, more: string) => {
      const env = {
        PATH: `${folder}:${process.env.PATH}`,
        RUNNER_TEMP: folder,
        GITHUB_OUTPUT: join(folder, 'output'),
        COMMAND: command,
        CONFIG: 'my matter.yaml',
        ARGUMENTS: more,
        VERSION: '0.1.0',
      }
      return spawnSync('bash', ['-eo', 'pipefail', '-c', step.run], { env, encoding: 'utf8' })
    }
    expect(run('verify', '--key\nmy key.pem\n--live\n').status).toBe(0)
    const [, file = ''] = /^json=(.*)$/m.exec(readFileSync(join(folder, 'output'), 'utf8')) ?? []
    const given = readFileSync(file, 'utf8').trimEnd().split('\n')
    const args = given.slice(given.indexOf('genesys-legal-hold-exporter') + 1)
    expect(args).toEqual(['verify', '--config', 'my matter.yaml', '--json', '--key', 'my key.pem', '--live'])
    expect(accepted(args)).toBe(true)
    expect(run('export', '').status).toBe(0)
    expect(run('release; rm -rf .', '').status).toBe(1)
  })
})

describe('the recipes', () => {
  test('for Fargate keeps the root file system read-only, and runs a command there is', () => {
    const task = JSON.parse(recipe('requiresCompatibilities'))
    const [container] = task.containerDefinitions
    expect(container.readonlyRootFilesystem).toBe(true)
    expect(accepted(container.command)).toBe(true)
    const names = task.volumes.map(({ name }: { name: string }) => name)
    expect(container.mountPoints.map(({ sourceVolume }: { sourceVolume: string }) => sourceVolume)).toEqual(names)
    expect(JSON.stringify(container.environment ?? [])).not.toMatch(/SECRET/)
  })

  test('for EventBridge overrides the container of that task, by a command there is', () => {
    const schedule = JSON.parse(recipe('ScheduleExpression'))
    const { containerOverrides } = JSON.parse(schedule.Target.Input)
    expect(containerOverrides[0].name).toBe(JSON.parse(recipe('requiresCompatibilities')).containerDefinitions[0].name)
    expect(accepted(containerOverrides[0].command)).toBe(true)
    expect(containerOverrides[0].command).toContain('--live')
  })

  test('for Kubernetes runs without rights, mounts what it names, and runs a command there is', () => {
    const { spec } = parseYaml(recipe('kind: CronJob')).spec.jobTemplate.spec.template
    const [container] = spec.containers
    expect(spec.securityContext.runAsNonRoot).toBe(true)
    expect(container.securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false })
    const mounts = container.volumeMounts.map(({ name }: { name: string }) => name)
    expect(mounts).toEqual(spec.volumes.map(({ name }: { name: string }) => name))
    expect(accepted(container.args)).toBe(true)
  })

  test('for GitHub gives the action inputs that it has', () => {
    const workflow = parseYaml(recipe('runs-on'))
    const uses = workflow.jobs.drift.steps.find(({ uses: of }: { uses: string }) => of.includes('legal-hold-exporter@'))
    const { inputs } = parseYaml(read('action.yml'))
    expect(Object.keys(uses.with).filter((name) => !(name in inputs))).toEqual([])
    expect(
      accepted([uses.with.command, '--config', uses.with.config, ...uses.with.arguments.trimEnd().split('\n')]),
    ).toBe(true)
  })
})

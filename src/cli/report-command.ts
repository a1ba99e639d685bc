import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { bundleFiles } from '../custody/bundle/contents.js'
import { answerOf } from '../custody/page/answer.js'
import { readBundleReport, rebuildReportPage } from '../custody/verify/bundle-report.js'
import { needed, readArguments } from './arguments.js'
import { shown, type Terminal } from './terminal.js'

/** `report DIR`. */
export async function reportCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  const given = readArguments(args, { open: 'flag', out: 'text', json: 'flag' })
  const [dir = ''] = needed(given.positionals, ['DIR'])
  const out = given.text('out')
  const report = await readBundleReport(dir)
  if (out !== undefined) await writeFile(out, await rebuildReportPage(dir, terminal))
  const path = resolve(out ?? join(dir, bundleFiles.reportHtml))
  const { outcome, counts } = report
  if (given.flag('json'))
    terminal.out(JSON.stringify({ page: path, outcome, answer: answerOf(report), counts }, null, 2))
  else terminal.out(`${path}\n${shown(answerOf(report))}`)
  if (given.flag('open')) await openWithSystem(path)
  return 0
}

function openWithSystem(path: string): Promise<void> {
  const [command, ...before] =
    process.platform === 'darwin' ? ['open'] : process.platform === 'win32' ? ['explorer.exe'] : ['xdg-open']
  return new Promise((opened, failed) => {
    const child = spawn(command ?? 'xdg-open', [...before, path], { detached: true, stdio: 'ignore' })
    child.once('error', failed)
    child.once('spawn', () => {
      child.unref()
      opened()
    })
  })
}

import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { bundleFiles } from '../../custody/bundle/contents.js'
import { answerOf } from '../../custody/page/answer.js'
import { readBundleReport, rebuildReportPage } from '../../custody/verify/bundle-report.js'
import { type Given, needed } from '../arguments.js'
import type { CommandSpec } from '../command.js'
import { resolveMatter } from '../config/resolve.js'
import { bundleFirst, configFlag } from '../files/bundle.js'
import { shown, type Terminal } from '../terminal.js'

export const report: CommandSpec = {
  name: 'report',
  takes: 'DIR',
  group: 'Evidence',
  summary: 'print where the report is, open it, or rebuild it from the records',
  about:
    'Prints where the report of a bundle is and what it says, and opens or rebuilds it. It verifies nothing: see verify.',
  flags: [
    { name: 'open', kind: 'flag', about: 'open it with the program of this system' },
    {
      name: 'out',
      value: 'FILE',
      kind: 'text',
      about: 'rebuild the page from records and report of the bundle, and write it there',
    },
    configFlag,
  ],
  examples: ['report legal-hold/doe-v-acme/evidence', 'report legal-hold/doe-v-acme/evidence --out page.html'],
  run: reportCommand,
}

/** `report DIR`. */
async function reportCommand(given: Given, terminal: Terminal): Promise<number> {
  const [dir = ''] = needed(bundleFirst(given, await resolveMatter(given, terminal), 1), ['DIR'])
  const out = given.text('out')
  const sealed = await readBundleReport(dir)
  if (out !== undefined) await writeFile(out, await rebuildReportPage(dir, terminal))
  const path = resolve(out ?? join(dir, bundleFiles.reportHtml))
  const { outcome, counts } = sealed
  if (given.flag('json'))
    terminal.out(JSON.stringify({ page: path, outcome, answer: answerOf(sealed), counts }, null, 2))
  else terminal.out(`${path}\n${shown(answerOf(sealed))}`)
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

// Builds dist/: npm run build. With --unless-built nothing is done where dist/ is that of these very sources.
//
// npm calls `prepare` not only after an installation: `npx` calls it, too, when it first runs the command of the checkout
// it stands in. A second build would take a minute, and take dist/ away from whatever is running out of it.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const settings = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsup.config.ts']
// An installation removes it, and so builds.
const stamp = join('node_modules', '.cache', 'build-of')

/** What the build is made from, as one hash. */
function digestOfSources(): string {
  const sources = readdirSync('src', { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  const sha256 = createHash('sha256')
  for (const path of [...settings, ...sources.sort()].filter((name) => existsSync(name))) {
    const content = readFileSync(path)
    sha256.update(`${path} ${content.length}\n`).update(content)
  }
  return sha256.digest('hex')
}

function isBuilt(digest: string): boolean {
  return existsSync(stamp) && existsSync(join('dist', 'cli.js')) && readFileSync(stamp, 'utf8') === digest
}

const digest = digestOfSources()
if (!(process.argv.includes('--unless-built') && isBuilt(digest))) {
  // A build that is interrupted is none.
  rmSync(stamp, { force: true })
  const { status } = spawnSync('tsup', { stdio: 'inherit' })
  if (status === 0) {
    // The command is run, and never required: its CommonJS form is dead weight in every installation.
    for (const name of ['cli.cjs', 'cli.d.cts']) rmSync(join('dist', name), { force: true })
    mkdirSync(dirname(stamp), { recursive: true })
    writeFileSync(stamp, digest)
  }
  process.exitCode = status ?? 1
}

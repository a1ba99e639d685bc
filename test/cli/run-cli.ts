import { runCli } from '#src/cli/run.js'

/** Runs a command in this process, and returns what it printed with its exit code. */
export async function cli(args: readonly string[], env: Record<string, string> = {}) {
  const lines = { out: '', err: '' }
  const code = await runCli(args, {
    out: (line) => {
      lines.out += `${line}\n`
    },
    err: (line) => {
      lines.err += `${line}\n`
    },
    env,
    signal: new AbortController().signal,
  })
  return { code, ...lines }
}

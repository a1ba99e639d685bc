#!/usr/bin/env node
import { askerOn } from './asker.js'
import { keepHeapSmall } from './heap.js'
import { runCli } from './run.js'
import { interruption } from './signals.js'

// The AWS SDK greets Node 20 with a notice; a tool may silence it, the library never does.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

keepHeapSmall()

const { signal, exitCodeOf } = interruption(process)

// `verify … | head` closes the pipe early, and a terminal that was closed takes nothing any more: no reason to fail, least
// of all before the journal is closed.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
  })
}

/** A terminal that does not say how wide it is, is as good as none. */
function columnsBehind({ isTTY, columns }: NodeJS.WriteStream): number | undefined {
  return isTTY && columns > 0 ? columns : undefined
}

const asker = askerOn(process.stdin, (text) => process.stdout.write(text), signal)

void runCli(process.argv.slice(2), {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
  env: process.env,
  signal,
  columns: (stream) => columnsBehind(stream === 'out' ? process.stdout : process.stderr),
  input: process.stdin,
  progress: process.stdout.isTTY && process.stderr.isTTY ? process.stderr : undefined,
  ask: process.stdin.isTTY && process.stdout.isTTY ? asker.ask : undefined,
}).then((code) => {
  asker.close()
  process.exitCode = exitCodeOf(code)
})

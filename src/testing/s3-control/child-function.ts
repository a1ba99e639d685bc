import { type ChildProcess, spawn } from 'node:child_process'
import type { SimulatedFunction } from './functions.js'

/** Where a function in a child process is. */
export interface ChildFunctionOptions {
  /** URL of the module. */
  readonly module: string | URL
  /** Name of the export that is the handler. @defaultValue 'handler' */
  readonly handler?: string | undefined
  /** Environment of the process. @defaultValue that of this process */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /** Options of Node, such as `['--import', 'tsx']`. @defaultValue none */
  readonly execArgv?: readonly string[] | undefined
  /** Told of each process, so that a test can kill or stop it. */
  readonly onProcess?: ((child: ChildProcess) => void) | undefined
}

/** What runs in the process: the handler once, with its answer or its error sent back. */
const program = `
const [url, name] = JSON.parse(process.env.SIMULATED_FUNCTION)
process.once('message', async ({ event, deadlineMs }) => {
  const context = { getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()) }
  try {
    const value = await (await import(url))[name](event, context)
    process.send({ value: value ?? null }, () => process.exit(0))
  } catch (error) {
    process.send({ error: { name: error?.name ?? 'Error', message: String(error?.message ?? error) } }, () => process.exit(0))
  }
})
process.send('ready')`

/**
 * A function that runs in its own process for each invocation. Killing one process affects no other. Its
 * invocation is answered as Lambda answers for a process that is gone.
 */
export function childFunction(options: ChildFunctionOptions): SimulatedFunction {
  const { module, handler = 'handler', env = process.env, execArgv = [], onProcess } = options
  return (event, context) =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [...execArgv, '--input-type=module', '-e', program], {
        env: { ...env, SIMULATED_FUNCTION: JSON.stringify([String(module), handler]) },
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      })
      const deadlineMs = Date.now() + context.getRemainingTimeInMillis()
      child.on('message', (message: 'ready' | Answer) => {
        if (message === 'ready') child.send({ event, deadlineMs })
        else if ('error' in message) reject(named(message.error.name, message.error.message))
        else resolve(message.value)
      })
      child.once('error', (error) => reject(named('Runtime.ExitError', error.message)))
      // After an answer it says nothing new.
      child.once('exit', (code, signal) => {
        const how = signal === null ? `exit status ${code}` : `signal: ${signal}`
        reject(named('Runtime.ExitError', `Runtime exited with error: ${how}`))
      })
      onProcess?.(child)
    })
}

type Answer = { readonly value: unknown } | { readonly error: { readonly name: string; readonly message: string } }

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name })
}

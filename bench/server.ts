import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { headHeaders, objectBytes } from './bucket.ts'

/** A server of canned answers, in processes of its own. */
export interface BenchServer {
  readonly endpoint: string
  /** `nginx/1.22.1` or `Node v20…` */
  readonly name: string
  stop(): Promise<void>
}

/** nginx where it is installed and no latency is asked for; a Node process otherwise. */
export async function startServer(objects: number, latencyMs: number, withNginx = true): Promise<BenchServer> {
  const version = latencyMs > 0 || !withNginx ? undefined : nginxVersion()
  if (version !== undefined) return startNginx(objects, version)
  const { child, port } = await startResponder(objects, latencyMs)
  return { endpoint: `http://127.0.0.1:${port}`, name: `Node ${process.version}`, stop: () => end(child) }
}

function nginxVersion(): string | undefined {
  const { stderr, status } = spawnSync(nginx, ['-v'], { encoding: 'utf8' })
  return status === 0 ? /nginx\/\S+/.exec(stderr)?.[0] : undefined
}

// Debian keeps it where only root looks.
const nginx = spawnSync('nginx', ['-v']).error === undefined ? 'nginx' : '/usr/sbin/nginx'

async function startNginx(objects: number, name: string): Promise<BenchServer> {
  const folder = mkdtempSync(join(tmpdir(), 'legal-hold-bench-'))
  const port = await freePort()
  const responder = await startResponder(objects, 0)
  writeFileSync(join(folder, 'nginx.conf'), nginxConfiguration(folder, port, responder.port))
  // The responder ends with this process by itself.
  const child = spawn(nginx, ['-p', folder, '-c', join(folder, 'nginx.conf'), '-g', 'daemon off;'], { stdio: 'ignore' })
  process.once('exit', () => child.kill())
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  await answers(port)
  return {
    endpoint: `http://127.0.0.1:${port}`,
    name,
    stop: async () => {
      await Promise.all([end(child), end(responder.child)])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function nginxConfiguration(folder: string, port: number, listsPort: number): string {
  const headers = Object.entries(headHeaders)
    .filter(([name]) => name !== 'Content-Type')
    .map(([name, value]) => `add_header ${name} '${value}' always;`)
    .concat('add_header x-amz-request-id $request_id always;', 'add_header x-amz-version-id $request_id always;')
  return `
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log crit;
events { worker_connections 4096; }
http {
  access_log off;
  server_tokens off;
  keepalive_requests 1000000000;
  keepalive_timeout 60s;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  upstream lists { server 127.0.0.1:${listsPort}; keepalive 16; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    merge_slashes off;
    location / {
      if ($args ~ "list-type=2") { rewrite ^ /bench-lists last; }
      default_type application/json;
      ${headers.join('\n      ')}
      return 200 '${'x'.repeat(objectBytes)}';
    }
    location = /bench-empty {
      ${headers.join('\n      ')}
      return 200 '';
    }
    location = /bench-lists {
      internal;
      proxy_http_version 1.1;
      proxy_set_header Connection '';
      proxy_buffers 16 512k;
      proxy_buffer_size 512k;
      proxy_busy_buffers_size 1m;
      proxy_pass http://lists$request_uri;
    }
  }
}
`
}

function startResponder(objects: number, latencyMs: number): Promise<{ child: ChildProcess; port: number }> {
  return startProcess(fileURLToPath(new URL('./responder.ts', import.meta.url)), [String(objects), String(latencyMs)])
}

/** Starts a server in a process of its own, which prints a line with its port once it listens. */
export async function startProcess(
  script: string,
  args: readonly string[],
): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  const line = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`The responder ended with ${code} before it listened.`)))
    child.stdout?.once('data', (chunk: Buffer) => resolve(String(chunk)))
  })
  return { child, port: (JSON.parse(line) as { port: number }).port }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}

async function answers(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'HEAD' }).catch(() => undefined)
    if (answer !== undefined) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`Nothing answers on port ${port}.`)
}

/** Ends a process, and waits until it has ended. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
}

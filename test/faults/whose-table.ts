import type { ByteRequest } from './byte-proxy.js'

/** Kinds of requests, with the number of requests about each subject. */
export function countsOf(
  requests: readonly ByteRequest[],
  aboutOf: (request: ByteRequest) => string,
): Map<string, Map<string, number>> {
  const operations = new Map<string, Map<string, number>>()
  for (const request of requests) {
    const counts = operations.get(request.operation) ?? new Map<string, number>()
    counts.set(aboutOf(request), (counts.get(aboutOf(request)) ?? 0) + 1)
    operations.set(request.operation, counts)
  }
  return operations
}

/** As it stands in docs/faults.md. */
export function render(rows: readonly (readonly string[])[]): string {
  const head = ['request', 'doubled', 'stale', 'foreign', 'absent']
  return [
    `| ${head.join(' | ')} |`,
    `|${'---|'.repeat(head.length)}`,
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
  ].join('\n')
}

import { dayMs, hourMs, minuteMs } from '../../internal/durations.js'
import { counted, figure } from '../../internal/text/counted.js'
import type { RecordingCounts } from '../../model/report.js'
import type { Arrivals } from '../bundle/arrivals.js'
import { type Html, html } from './html.js'
import { utc } from './text.js'

interface Node {
  readonly name: string
  readonly count: number
  readonly kind: 'neutral' | 'held' | 'repaired' | 'exception' | 'missing'
}

interface Placed extends Node {
  readonly top: number
  readonly height: number
}

const nodeWidth = 12
const gap = 16
const chartHeight = 220
const leastHeight = 3

/** The way of the recordings: expected, delivered or not, and what became of each. */
export function flowChart(counts: RecordingCounts, width: number, id: string): Html {
  const { expected, held, repaired, conflicting, unreadable, unrepaired, missing, failedAtSource, skippedAtSource } =
    counts
  const exceptions = conflicting + unreadable + unrepaired
  const undelivered = missing + failedAtSource + skippedAtSource
  const delivered = expected - undelivered
  const sources = place([{ name: 'Expected', count: expected, kind: 'neutral' }], expected)
  const middle = place(
    [
      { name: 'Delivered', count: delivered, kind: 'neutral' },
      { name: 'Undelivered', count: undelivered, kind: 'missing' },
    ],
    expected,
  )
  const ends = place(
    [
      { name: 'Held at arrival', count: held, kind: 'held' },
      { name: 'Repaired', count: repaired, kind: 'repaired' },
      { name: 'Exceptions', count: exceptions, kind: 'exception' },
      { name: 'Missing', count: missing, kind: 'missing' },
      { name: 'Failed at source', count: failedAtSource, kind: 'missing' },
      { name: 'Left out at source', count: skippedAtSource, kind: 'missing' },
    ],
    expected,
  )
  // On a phone the last column's names need the room.
  const [atSecond, atThird] = width < 500 ? [0.28, 0.57] : [0.34, 0.68]
  const [first, second, third] = [0, Math.round(width * atSecond), Math.round(width * atThird)]
  const fromDelivered = ends.filter(({ kind }) => kind !== 'missing')
  const fromUndelivered = ends.filter(({ kind }) => kind === 'missing')
  const height = Math.max(...[...sources, ...middle, ...ends].map(({ top, height: own }) => top + own), 40) + 12
  const description = `Of ${counted(expected, 'expected recording')}, ${figure(delivered)} were delivered; ${figure(held)} carried the hold at arrival, ${figure(repaired)} were repaired, ${figure(exceptions)} are exceptions; ${figure(undelivered)} were not delivered.`
  return html`<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}"><title id="${id}">${description}</title>${ribbons(sources, first, middle, second)}${ribbons(middle.slice(0, 1), second, fromDelivered, third)}${ribbons(
    middle.filter(({ kind }) => kind === 'missing'),
    second,
    fromUndelivered,
    third,
  )}${bars(sources, first)}${bars(middle, second)}${bars(ends, third)}</svg>`
}

function place(nodes: readonly Node[], total: number): Placed[] {
  let top = 4
  return nodes
    .filter(({ count }, at) => count > 0 || at === 0)
    .map((node) => {
      const height = total === 0 ? leastHeight : Math.max(leastHeight, (node.count / total) * chartHeight)
      const placed = { ...node, top, height }
      // Room for two lines of text, however thin the bar.
      top += Math.max(height, 34) + gap
      return placed
    })
}

function ribbons(from: readonly Placed[], fromX: number, to: readonly Placed[], toX: number): Html[] {
  const [source] = from
  if (source === undefined) return []
  let offset = source.top
  const [x1, x2] = [fromX + nodeWidth, toX]
  const bend = (x1 + x2) / 2
  return to
    .filter(({ count }) => count > 0)
    .map((node) => {
      const share = source.count === 0 ? 0 : (node.count / source.count) * source.height
      const [y1, y2] = [offset, offset + share]
      offset += share
      const [t1, t2] = [node.top, node.top + node.height]
      const shape = `M${x1} ${round(y1)}C${bend} ${round(y1)} ${bend} ${round(t1)} ${x2} ${round(t1)}L${x2} ${round(t2)}C${bend} ${round(t2)} ${bend} ${round(y2)} ${x1} ${round(y2)}Z`
      return html`<path class="ribbon ${node.kind}" d="${shape}"/>`
    })
}

function bars(nodes: readonly Placed[], x: number): Html[] {
  return nodes.map(
    ({ name, count, kind, top, height }) =>
      // A state that nothing is in keeps its name and number, and has no bar.
      html`${count === 0 ? '' : html`<rect class="bar ${kind}" x="${x}" y="${round(top)}" width="${nodeWidth}" height="${round(height)}" rx="2"/>`}<text class="figure" x="${x + nodeWidth + 8}" y="${round(top) + 14}">${figure(count)}</text><text class="label" x="${x + nodeWidth + 8}" y="${round(top) + 31}">${name}</text>`,
  )
}

/** When the objects arrived. */
export function arrivalsChart({ bins, widthMs }: Arrivals, width: number, id: string): Html | undefined {
  const [first, last] = [bins[0], bins.at(-1)]
  if (first === undefined || last === undefined) return undefined
  const most = Math.max(...bins.map(({ count }) => count))
  const total = bins.reduce((sum, { count }) => sum + count, 0)
  const [top, height] = [24, 110]
  const step = width / bins.length
  const until = utc(last.from + widthMs)
  // Side by side, two instants need more room than a phone has.
  const below = width < 480 ? 16 : 0
  const description = `${counted(total, 'object')} arrived between ${utc(first.from)} and ${until}, at most ${figure(most)} in ${spanOf(widthMs)}.`
  const columns = bins.map(({ count }, at) => {
    const own = count === 0 ? 0 : Math.max(2, (count / most) * height)
    return html`<rect class="bar neutral" x="${round(at * step)}" y="${round(top + height - own)}" width="${round(Math.max(1, Math.min(step - 1, 40)))}" height="${round(own)}"/>`
  })
  return html`<svg class="chart" viewBox="0 0 ${width} ${top + height + 26 + below}" role="img" aria-labelledby="${id}"><title id="${id}">${description}</title><text class="label" x="0" y="14">most: ${figure(most)} in ${spanOf(widthMs)}</text>${columns}<line class="axis" x1="0" x2="${width}" y1="${top + height + 0.5}" y2="${top + height + 0.5}"/><text class="label" x="0" y="${top + height + 19}">${utc(first.from)}</text><text class="label end" x="${width}" y="${top + height + 19 + below}">${until}</text></svg>`
}

/** A span of time in words. */
export function spanOf(ms: number): string {
  for (const [unit, length] of [
    ['day', dayMs],
    ['hour', hourMs],
    ['minute', minuteMs],
  ] as const) {
    if (ms >= length) return counted(Math.round(ms / length), unit)
  }
  return counted(ms / 1000, 'second')
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

import { styleText } from 'node:util'
import { createLogUpdate } from 'log-update'
import { visible } from '../internal/text/visible.js'
import type { RunEvent } from '../model/events.js'
import { fitted } from './fit.js'
import { frameOf, progressLine } from './frame.js'
import { ProgressModel } from './model.js'
import { Narrative, type ProgressLine, type ProgressStyle } from './narrative.js'

/** Where progress is shown: `process.stderr`, `process.stdout`, or anything with the same `write`. */
export interface ProgressStream {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  readonly rows?: number | undefined
}

/** Options of {@link createProgressReporter}. */
export interface ProgressReporterOptions {
  /** @defaultValue `process.stderr`, so that what a program prints stays clean */
  readonly stream?: ProgressStream | undefined
  /**
   * `bars` redraws. `lines` only appends and uses no colour. The default is `lines` if the stream is not a
   * terminal, or if `NO_COLOR`, `CI` or `TERM=dumb` is set.
   *
   * @defaultValue what suits the stream and the environment
   */
  readonly mode?: 'bars' | 'lines' | undefined
  /** @defaultValue `process.env` */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /** With `lines`: how often the counts are printed while nothing else happens, in milliseconds. @defaultValue 60000 */
  readonly lineIntervalMs?: number | undefined
}

/** Shows a run to the person who waits for it. */
export interface ProgressReporter {
  /** For `run(request, { onEvent })`. It is bound, so it can be passed around. */
  readonly onEvent: (event: RunEvent) => void
  readonly mode: 'bars' | 'lines'
  /** Prints your own line above the bars. Control characters in it are made visible, except for line breaks. */
  log(text: string, style?: ProgressStyle): void
  /** Removes the bars and stops. Call it in a `finally`, or declare the reporter with `using`. */
  close(): void
  [Symbol.dispose](): void
}

const refreshMs = 100
const tickMs = 1_000
const firstDrawMs = 900

/** Now by the clock of the events, which may be a simulated one: their last time, and what has passed since. */
class EventTime {
  #atMs = Date.now()
  #seenAt = performance.now()

  see(event: RunEvent): void {
    this.#atMs = Date.parse(event.at)
    this.#seenAt = performance.now()
  }

  get nowMs(): number {
    return this.#atMs + Math.round(performance.now() - this.#seenAt)
  }
}

/**
 * Shows bars, rates, the remaining time and findings. Without a terminal it prints plain lines. Keys and messages
 * come from elsewhere: nothing in them can move the cursor or change the terminal.
 *
 * Once a second it shows how long the run has taken and what it waits for, so silence means that the run hangs.
 * Its timer does not keep the process alive.
 *
 * @example
 * ```ts
 * const progress = createProgressReporter()
 * try {
 *   await exporter.run(request, { onEvent: progress.onEvent })
 * } finally {
 *   progress.close()
 * }
 * ```
 */
export function createProgressReporter(options: ProgressReporterOptions = {}): ProgressReporter {
  const { stream = process.stderr, env = process.env, lineIntervalMs = 60_000 } = options
  const mode = options.mode ?? modeOf(stream, env)
  const time = new EventTime()
  const canvas = mode === 'bars' ? new Bars(stream, time) : new Lines(stream, time, lineIntervalMs)
  let model = new ProgressModel()
  let narrative = new Narrative()
  let closed = false
  canvas.begin(model)
  const write = ({ text, style }: ProgressLine) => canvas.keep(visible(text), style)
  const close = () => {
    if (closed) return
    closed = true
    canvas.end()
  }
  return {
    mode,
    onEvent(event) {
      if (closed) return
      if (event.type === 'run-started' || event.type === 'run-resumed') {
        model = new ProgressModel()
        narrative = new Narrative()
      }
      time.see(event)
      model.apply(event)
      if (event.type === 'run-finished' || event.type === 'sealed') canvas.end()
      for (const line of narrative.linesOf(event, model)) write(line)
      if (event.type !== 'run-finished' && event.type !== 'sealed') canvas.show(model)
    },
    log(text, style = 'plain') {
      for (const line of text.split('\n')) write({ text: line, style })
    },
    close,
    [Symbol.dispose]: close,
  }
}

/** `NO_COLOR` counts when it is not empty (no-color.org); `CI=false` is how some runners say that they are none. */
function modeOf({ isTTY }: ProgressStream, env: Readonly<Record<string, string | undefined>>): 'bars' | 'lines' {
  const isCi = !['', '0', 'false'].includes(env.CI ?? '')
  return isTTY === true && !env.NO_COLOR && !isCi && env.TERM !== 'dumb' ? 'bars' : 'lines'
}

interface Canvas {
  /** A line that stays; its text is harmless. */
  keep(text: string, style: ProgressStyle): void
  /** Nothing has happened yet, and will perhaps not soon: a long journal is read first. */
  begin(model: ProgressModel): void
  /** How things stand. */
  show(model: ProgressModel): void
  end(): void
}

class Lines implements Canvas {
  readonly #stream: ProgressStream
  readonly #time: EventTime
  readonly #intervalMs: number
  #toldAt = performance.now()
  #model: ProgressModel | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(stream: ProgressStream, time: EventTime, intervalMs: number) {
    this.#stream = stream
    this.#time = time
    this.#intervalMs = intervalMs
  }

  keep(text: string): void {
    this.#stream.write(`${text}\n`)
  }

  begin(): void {
    // A log begins with what happens.
  }

  show(model: ProgressModel): void {
    this.#model = model
    // Nothing may happen for an hour, and it must not look as if nothing was done.
    this.#timer ??= setInterval(() => this.#tell(), Math.max(tickMs, this.#intervalMs)).unref()
    this.#tell()
  }

  end(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#model = undefined
  }

  #tell(): void {
    const now = performance.now()
    if (this.#model === undefined || now - this.#toldAt < this.#intervalMs) return
    this.#toldAt = now
    this.keep(visible(progressLine(this.#model, this.#time.nowMs)))
  }
}

const looks = { plain: undefined, heading: 'bold', quiet: 'dim', good: 'green', notice: 'yellow', bad: 'red' } as const

class Bars implements Canvas {
  readonly #stream: ProgressStream
  readonly #time: EventTime
  readonly #draw: ReturnType<typeof createLogUpdate>
  #model: ProgressModel | undefined
  #drawnAt = Number.NEGATIVE_INFINITY
  #next: NodeJS.Timeout | undefined
  #nextAt = 0

  constructor(stream: ProgressStream, time: EventTime) {
    this.#stream = stream
    this.#time = time
    // A hidden cursor would must be put back by a listener on the process, which is not ours.
    this.#draw = createLogUpdate(sized(stream), { showCursor: true })
  }

  keep(text: string, style: ProgressStyle): void {
    const look = looks[style]
    this.#draw.clear()
    // Whether the stream takes colours was decided before: it need not be standard output, which Node would look at.
    const lines = fitted(text, columnsIn(this.#stream)).join('\n')
    const styled = look === undefined ? lines : styleText(look, lines, { validateStream: false })
    this.#stream.write(`${styled}\n`)
    if (this.#model !== undefined) this.#redraw(this.#model)
  }

  begin(model: ProgressModel): void {
    this.#model = model
    this.#drawIn(firstDrawMs)
  }

  show(model: ProgressModel): void {
    this.#model = model
    const waitMs = this.#drawnAt + refreshMs - performance.now()
    if (waitMs <= 0) this.#redraw(model)
    else this.#drawIn(waitMs)
  }

  end(): void {
    this.#model = undefined
    this.#stopWaiting()
    this.#draw.clear()
    this.#draw.done()
  }

  #redraw(model: ProgressModel): void {
    this.#stopWaiting()
    this.#drawnAt = performance.now()
    const view = { nowMs: this.#time.nowMs, columns: columnsIn(this.#stream) }
    this.#draw(frameOf(model, view).join('\n'))
    this.#drawIn(tickMs)
  }

  /** Sooner where something has happened; one timer for both. */
  #drawIn(ms: number): void {
    const at = performance.now() + ms
    if (this.#next !== undefined && this.#nextAt <= at) return
    clearTimeout(this.#next)
    this.#nextAt = at
    this.#next = setTimeout(() => {
      if (this.#model !== undefined) this.#redraw(this.#model)
    }, ms).unref()
  }

  #stopWaiting(): void {
    clearTimeout(this.#next)
    this.#next = undefined
  }
}

/** The last column stays free: a terminal that a character is written into it may break the line. */
function columnsIn({ columns }: ProgressStream): number {
  return Math.max(20, (columns || 80) - 1)
}

/** A pseudo terminal may say that it has no columns and no rows, and would then be shown nothing. */
function sized(stream: ProgressStream): NodeJS.WritableStream {
  const view = {
    isTTY: true,
    write: (text: string) => stream.write(text),
    get columns() {
      return stream.columns || 80
    },
    get rows() {
      return stream.rows || 24
    },
  }
  // These four are all that log-update uses of a stream.
  return view as unknown as NodeJS.WritableStream
}

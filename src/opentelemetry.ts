export { type TraceRunOptions, traceRun } from './telemetry/trace-run.js'

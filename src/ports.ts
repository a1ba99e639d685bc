/*
 * What must be provided from outside, and the plain data that it speaks: the interfaces are in `ports/`, the data in
 * `model/`. Documents link to this file.
 */
export type * from './model/evidence.js'
export type { BucketInspection, ProfileInspection } from './model/inspection.js'
export type * from './model/object.js'
export type * from './model/platform.js'
export type * from './model/record.js'
export type { Interval } from './model/request.js'
export type * from './ports/evidence.js'
export type * from './ports/journal.js'
export type * from './ports/notifier.js'
export type * from './ports/platform.js'
export type * from './ports/retention.js'
export type * from './ports/runtime.js'
export type * from './ports/storage.js'

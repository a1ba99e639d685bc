export { SimulatedClock } from './clock.js'
export {
  type Fault,
  type FaultAction,
  type FaultedRequest,
  type FaultMatch,
  FaultScript,
} from './faults.js'
export { type Handle, type HandleContext, type Listener, type ListenOptions, listen } from './listen.js'

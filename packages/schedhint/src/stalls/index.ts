// Exports what the root of the package has of stalls.

export type {
  Stall,
  StallCollections,
  StallMonitor,
  StallPart,
  StallRequest,
  WatchStallsOptions,
} from './stall.js';
export { watchStalls } from './watch-stalls.js';

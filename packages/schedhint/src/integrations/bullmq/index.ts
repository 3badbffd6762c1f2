/**
 * A processor of BullMQ whose jobs are requests of the thread that works on them. It imports no package of others.
 *
 * @packageDocumentation
 */
import { checkOptions, type UrgencyName } from '@schedhint/core/thread';
import { ARRIVE } from '../../requests/arrivals.js';
import type { RequestHints, RequestTracker } from '../../requests/index.js';
import { checkFunction, refusal } from '../../requests/refusal.js';
import { withDefaults } from '../../requests/request-hints.js';
import { trackerOf } from '../../requests/track-requests.js';

/** What is read of a job. */
export interface BullmqJob {
  readonly queueName: string;
  /** 1 is taken first; 0 or undefined: it has no priority, and is taken before all that have one. */
  readonly priority?: number | undefined;
}

/** For each urgency the greatest number of the priorities that have it. */
export type PriorityLimits = Readonly<Partial<Record<Exclude<UrgencyName, 'low'>, number>>>;

/** Options of {@link bullmqJobs}. */
export interface BullmqJobsOptions<J extends BullmqJob> {
  /** Made by `trackRequests()`; by default the thread's. */
  readonly tracker?: RequestTracker | undefined;
  /** The hints of a job; null: do not track it. What it throws becomes a warning of the process, once. */
  readonly describe?: ((job: J) => RequestHints | null) | undefined;
  /**
   * Makes urgencies of priorities where `describe` returns none: with `{ high: 10, normal: 100 }` jobs of priority 1..10 are high,
   * of 11..100 normal, and those above are low. Jobs without a priority have no opinion. By default a priority says nothing.
   */
  readonly priorities?: PriorityLimits | undefined;
}

const NAMES = ['critical', 'high', 'normal'] as const;

/**
 * Makes a job a request of the thread: from when the processor is called until its promise is settled.
 *
 * @param processor for `new Worker()`, or what a sandboxed processor's file exports
 * @throws TypeError, RangeError `ERR_SCHEDHINT_OPTION` for an invalid option, or what is no function
 */
export function bullmqJobs<J extends BullmqJob, A extends unknown[], R>(
  processor: (job: J, ...rest: A) => Promise<R>,
  options: BullmqJobsOptions<J> = {},
): (job: J, ...rest: A) => Promise<R> {
  checkFunction('processor', processor);
  checkOptions('bullmqJobs', options, ['tracker', 'describe', 'priorities']);
  const { describe = () => ({}), priorities } = options;
  checkFunction('describe', describe);
  if (priorities !== undefined) checkPriorities(priorities);
  const tracker = trackerOf(options.tracker);
  const describeJob = (job: J) =>
    withDefaults(describe(job), { urgency: priorities && urgencyOf(job.priority, priorities) });
  const track = async (job: J, ...rest: A): Promise<R> => {
    const request = tracker[ARRIVE](job, describeJob, job, job.queueName);
    try {
      return await processor(job, ...rest);
    } finally {
      request?.end();
    }
  };
  // BullMQ gives a signal to a processor that has a third parameter.
  return Object.defineProperty(track, 'length', { value: processor.length });
}

function checkPriorities(priorities: PriorityLimits): void {
  checkOptions('priorities', priorities, NAMES);
  for (const limit of Object.values(priorities)) {
    if (!Number.isInteger(limit) || limit < 1) {
      throw refusal('priorities: expected whole numbers from 1', RangeError);
    }
  }
}

function urgencyOf(priority: number | undefined, limits: PriorityLimits): UrgencyName | undefined {
  if (!priority) return undefined;
  return NAMES.find((name) => priority <= (limits[name] ?? 0)) ?? 'low';
}

/**
 * Tasks of a worker pool, `piscina` or `tinypool`, with hints: they travel in the task, and the worker publishes them while it runs. It
 * imports no package of others.
 *
 * @packageDocumentation
 */
import { checkOptions, monotonicMs } from '@schedhint/core/thread';
import type { RequestHints, RequestTracker } from '../../requests/index.js';
import { checkFunction, refusal } from '../../requests/refusal.js';
import { deadlineWanted, urgencyWanted } from '../../requests/request-hints.js';
import { trackerOf } from '../../requests/track-requests.js';

/** The hints of a task. A signal cannot travel: give it to the pool's `run()`, which ends the task's worker. */
export type TaskHints = Omit<RequestHints, 'signal'>;

/** The property by which a worker knows a task with hints. A string: symbols do not travel. */
const HINTS = 'schedhint.hints';

/** A task with its hints, as it travels; made by {@link withHints}. */
export interface HintedTask<T> {
  readonly [HINTS]: Pick<RequestHints, 'urgency' | 'deadlineNs'>;
  readonly task: T;
}

/** Options of {@link piscinaTasks}. */
export interface PiscinaTasksOptions {
  /** Made by `trackRequests()` in the worker; by default the thread's. */
  readonly tracker?: RequestTracker | undefined;
}

/**
 * Adds hints to a task, for `pool.run()`. A deadline counts from here, so the time that the task waits for a worker counts too.
 *
 * @throws TypeError `ERR_SCHEDHINT_FIELD_TYPE`, RangeError `ERR_SCHEDHINT_FIELD_RANGE` for an invalid hint; TypeError
 *   `ERR_SCHEDHINT_OPTION` for an unknown name, a signal, or two deadlines
 */
export function withHints<T>(task: T, hints: TaskHints): HintedTask<T> {
  // A number: tinypool's processes get their tasks as JSON.
  const deadlineNs = deadlineWanted(hints, 0, monotonicMs());
  if ('signal' in hints) throw refusal('withHints: a signal cannot travel, give it to run()');
  return { [HINTS]: { urgency: urgencyWanted(hints, 0), deadlineNs }, task };
}

/**
 * The function of a worker's file, tracked: each task that it is called with is a request of the worker, until it returns, throws, or its
 * promise is settled. Tasks that the worker runs side by side are joined. The function gets the task as it was before {@link withHints};
 * a task without hints is tracked without an opinion.
 *
 * @throws TypeError `ERR_SCHEDHINT_OPTION` for an invalid option, or what is no function
 */
export function piscinaTasks<T, R>(
  run: (task: T) => R,
  options: PiscinaTasksOptions = {},
): (task: T | HintedTask<T>) => R {
  checkFunction('run', run);
  checkOptions('piscinaTasks', options, ['tracker']);
  const tracker = trackerOf(options.tracker);
  return (task) =>
    isHinted(task)
      ? tracker.run(task[HINTS], () => run(task.task))
      : tracker.run({}, () => run(task));
}

function isHinted<T>(task: T | HintedTask<T>): task is HintedTask<T> {
  return typeof task === 'object' && task !== null && Object.hasOwn(task, HINTS);
}

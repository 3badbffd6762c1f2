import { setImmediate as turn } from 'node:timers/promises';
import { attachThread } from '@schedhint/core/thread';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type RequestTracker, trackRequests } from '../../requests/index.js';
import { type BullmqJobsOptions, bullmqJobs } from './index.js';

const thread = attachThread({ map: '/nonexistent/schedhint' });
let tracker: RequestTracker;

beforeEach(() => {
  tracker = trackRequests({ thread });
});
afterEach(() => tracker.stop());

interface Job {
  readonly queueName: string;
  readonly priority?: number;
}
const published = async (_: Job) => [tracker.inFlight, thread.hints.urgency];
const jobOf = (priority?: number): Job => ({
  queueName: 'mail',
  ...(priority === undefined ? {} : { priority }),
});
/** What the thread publishes while a job is worked on. */
const during = (job: Job, options: BullmqJobsOptions<Job>) =>
  bullmqJobs(published, { tracker, ...options })(job);

test('a job is tracked without an opinion, and its priority says nothing', async () => {
  expect(await during(jobOf(1), {})).toEqual([1, 0]);
  expect(tracker.inFlight).toBe(0);
});

test.each([
  [undefined, 0],
  [0, 0],
  [1, 768],
  [10, 768],
  [11, 512],
  [100, 512],
  [101, 256],
])('priority %s, if asked for', async (priority, urgency) => {
  const priorities = { high: 10, normal: 100 };
  expect(await during(jobOf(priority), { priorities })).toEqual([1, urgency]);
});

test("describe's urgency counts, and where it has none the priority's", async () => {
  const priorities = { critical: 5 };
  const describe = ({ priority }: Job) => (priority === 1 ? { urgency: 100 } : { deadlineMs: 5 });
  expect(await during(jobOf(1), { priorities, describe })).toEqual([1, 100]);
  expect(await during(jobOf(2), { priorities, describe })).toEqual([1, 1024]);
  expect(await during(jobOf(2), { priorities, describe: () => null })).toEqual([0, 0]);
});

test('a job lasts until its processor is settled, and fails as it does', async () => {
  let fail: (error: Error) => void = () => {};
  const work = (_: Job) =>
    new Promise((_, reject) => {
      fail = reject;
    });
  const job = jobOf();
  const result = bullmqJobs(work, { tracker, describe: () => ({ urgency: 900 }) })(job);
  await turn();
  expect(thread.hints.urgency).toBe(900);
  expect(tracker.of(job as never)?.route).toBe('mail');
  fail(new Error('no such address'));
  await expect(result).rejects.toThrow('no such address');
  expect([tracker.inFlight, thread.hints.urgency]).toEqual([0, 0]);
});

test('the processor gets all arguments, and has as many parameters', async () => {
  const work = vi.fn(async (_job: Job, token?: string, signal?: AbortSignal) => [token, signal]);
  const { signal } = new AbortController();
  const job = jobOf();
  expect(await bullmqJobs(work, { tracker })(job, 'token', signal)).toEqual(['token', signal]);
  expect(work).toHaveBeenCalledExactlyOnceWith(job, 'token', signal);
  const three = async (_job: Job, _token: string, _signal: AbortSignal) => {};
  expect([bullmqJobs(three, { tracker }).length, bullmqJobs(published).length]).toEqual([3, 1]);
});

test.each<[unknown, object, string]>([
  ['./processor.js', {}, 'processor: expected a function, got string'],
  [published, { descirbe: published }, 'did you mean describe?'],
  [published, { describe: 5 }, 'describe: expected a function'],
  [published, { priorities: { low: 5 } }, 'priorities: unknown name "low"'],
  [published, { priorities: { high: 0 } }, 'expected whole numbers from 1'],
  [published, { priorities: { high: '5' } }, 'expected whole numbers from 1'],
  [published, { priorities: 5 }, 'priorities: expected an object'],
])('%o with %o is refused', (processor, options, message) => {
  expect(() => bullmqJobs(processor as typeof published, options)).toThrow(
    expect.objectContaining({
      code: 'ERR_SCHEDHINT_OPTION',
      message: expect.stringContaining(message),
    }),
  );
});

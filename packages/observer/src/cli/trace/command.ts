// Implements `schedhint trace`: records a process's events with the observer, and writes them as JSON for Perfetto or as HTML.

import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { defineCommand, numberOption, type OptionValues } from '@schedhint/core/cli';
import { type Observer, startObserver } from '../../observer.js';
import type { Snapshot } from '../../snapshot.js';
import { accessOption, MAP_OPTIONS } from '../map-options.js';
import { processName } from '../process-name.js';
import { page } from './page.js';
import { perfettoJson } from './perfetto.js';
import { Recorder } from './recorder.js';
import type { Timeline } from './timeline.js';

const OPTIONS = {
  pid: { value: '<pid>', text: 'the process', required: true },
  seconds: { value: '<n>', text: 'how long', default: '5' },
  output: {
    value: '<file>',
    short: 'o',
    text: 'write there, not to schedhint-trace-PID.json or .html',
  },
  html: { text: 'one page that any browser shows, instead of JSON for Perfetto' },
  ...MAP_OPTIONS,
} as const;

/** What `schedhint trace` was called with. */
type TraceOptions = OptionValues<typeof OPTIONS>;

/** `schedhint trace`. */
export const command = defineCommand({
  name: 'trace',
  description:
    'Record what a process hints, and what the scheduler did to its threads (needs root).',
  options: OPTIONS,
  notes: 'Open the JSON at https://ui.perfetto.dev.',
  action: trace,
});

/** Records a process and writes its timeline. @throws Error with a `code` */
async function trace(options: TraceOptions): Promise<void> {
  const pid = numberOption('--pid', options.pid, { from: 1, to: 2 ** 31 - 1, whole: true });
  const seconds = numberOption('--seconds', options.seconds, { from: 0.1, to: 600, whole: false });
  const { html, map } = options;
  const access = accessOption('trace', options);
  const output = options.output ?? `schedhint-trace-${pid}.${html ? 'html' : 'json'}`;
  const name = processName(pid);
  if (name === null) throw failure('ERR_SCHEDHINT_NO_PROCESS', `there is no process ${pid}`);
  const observer = await startObserver({
    pid,
    events: true,
    ...(map === undefined ? {} : { map }),
    ...access,
  });
  const { timeline, last } = await record(observer, pid, name, seconds);
  if (!timeline.tracks.some(({ kind }) => kind === 'js')) {
    throw failure(
      'ERR_SCHEDHINT_NOTHING_BOUND',
      `no thread of process ${pid} had a block in ${observer.ready.pin} and ran within ${seconds} s; \`schedhint doctor\`, run as it runs, says why`,
    );
  }
  writeFileSync(output, html ? page(timeline) : perfettoJson(timeline));
  process.stdout.write(summary(timeline, last, output));
}

async function record(
  observer: Observer,
  pid: number,
  name: string,
  seconds: number,
): Promise<{ timeline: Timeline; last: Snapshot }> {
  const { ns } = await observer.snapshot();
  const recorder = new Recorder(ns, observer.ready.periodNs);
  observer.on('event', (event) => {
    if (event.ns >= ns) recorder.add(event);
  });
  const early = new AbortController();
  const stop = () => early.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  observer.once('end', stop);
  process.stderr.write(`recording process ${pid} (${name}) for ${seconds} s\n`);
  // Cut short, it still writes what there is.
  await delay(seconds * 1000, undefined, { signal: early.signal }).catch(() => {});
  process.off('SIGINT', stop).off('SIGTERM', stop);
  const last = await observer.stop();
  return { timeline: recorder.finish(pid, name, last.ns), last };
}

function summary({ durationNs, tracks }: Timeline, last: Snapshot, output: string): string {
  const js = tracks.filter(({ kind }) => kind === 'js');
  const sum = (of: (track: (typeof js)[number]) => number) =>
    js.reduce((total, track) => total + of(track), 0);
  const lines = [
    `${output}: ${(durationNs / 1e9).toFixed(1)} s, ${js.length} threads and ${tracks.length - js.length} helpers; ` +
      `${sum(({ pauses }) => pauses.length)} collections, ${sum(({ preemptions }) => preemptions.length)} preemptions, ` +
      `${sum(({ preemptions }) => preemptions.filter(({ inGc }) => inGc).length)} of them in collections`,
  ];
  if (last.lostEvents > 0) {
    lines.push(`${last.lostEvents} events were lost: they came faster than they were read`);
  }
  return `${lines.join('\n')}\n`;
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

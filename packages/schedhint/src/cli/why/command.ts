// Implements `schedhint why`: shows what each thread of a process does, live or for some seconds, and says it in sentences.

import { writeFileSync } from 'node:fs';
import { defineCommand, numberOption, paintFor } from '@schedhint/core/cli';
import {
  accountText,
  findTarget,
  type OwnAccount,
  ownAccount,
  type Target,
} from '../process/target.js';
import type { ProcessUse } from '../process/use.js';
import { Live } from './live.js';
import { page } from './page.js';
import { type Recording, record } from './recording.js';
import { summary } from './summary.js';
import { columnsFor, inOrder, line, shown, titles } from './table.js';

const DEFAULT_SECONDS = '5';

/** `schedhint why`. */
export const command = defineCommand({
  name: 'why',
  description:
    'Show what the threads of a process do: on a CPU, waiting for one, throttled by a quota; and its collections and stalls.',
  options: {
    pid: { value: '<pid>', text: 'a process of this user', required: true },
    seconds: {
      value: '<n>',
      text: `how long (on a terminal: until q; else ${DEFAULT_SECONDS})`,
    },
    json: { text: 'as one JSON object, at the end' },
    html: { value: '<file>', text: 'also write a page with a timeline of each thread' },
  },
  notes: `No root is needed, no inspector and no signal. Collections and stalls are known of a process that runs
with schedhint/register and SCHEDHINT_STALLS=50; the output says whether they are.`,
  action: why,
});

interface WhyOptions {
  readonly pid: string;
  readonly seconds: string | undefined;
  readonly json: boolean;
  readonly html: string | undefined;
}

/** @throws Error with a `code` */
async function why({ pid, seconds, json, html }: WhyOptions): Promise<void> {
  const number = numberOption('--pid', pid, { from: 1, to: 2 ** 31 - 1, whole: true });
  const isLive = process.stdout.isTTY && seconds === undefined && !json;
  const forSeconds = isLive
    ? Number.POSITIVE_INFINITY
    : numberOption('--seconds', seconds ?? DEFAULT_SECONDS, { from: 0.5, to: 3600, whole: false });
  const target = findTarget(number);
  const recording = await follow(target, forSeconds, isLive);
  const account = accountAfter(recording, target);
  if (html !== undefined) {
    writeFileSync(html, page(recording, { ...target, known: accountText(account, target) }));
  }
  process.stdout.write(
    json ? asJson(recording, target, account) : asText(recording, target, account),
  );
  if (html !== undefined) process.stderr.write(`wrote ${html}\n`);
}

async function follow(target: Target, seconds: number, isLive: boolean): Promise<Recording> {
  const early = new AbortController();
  const stop = () => early.abort();
  process.on('SIGINT', stop).on('SIGTERM', stop);
  const live = isLive
    ? new Live(process.stdout, process.stdin, paintFor(process.stdout), stop)
    : null;
  if (live === null) {
    process.stderr.write(`looking at process ${target.pid} for ${seconds} s\n`);
  }
  try {
    live?.open();
    return await record(target, seconds, early.signal, (use) =>
      live?.show(heading(target, use), use, accountText(ownAccount(target), target)),
    );
  } finally {
    live?.close();
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

function heading({ pid, name }: Target, { threads, quota }: ProcessUse): string {
  const limit =
    quota === null
      ? ''
      : ` | quota ${Number(quota.quotaCpus.toFixed(2))} CPUs, throttled in ${quota.throttledPeriods} of ${quota.periods} periods`;
  return `schedhint why | ${pid} ${shown(name)} | ${threads.length} threads${limit}`;
}

/** One that has ended can no longer be asked. */
function accountAfter({ whole }: Recording, target: Target): OwnAccount {
  return whole.threads.some(({ stalls }) => stalls !== null) ? 'stalls' : ownAccount(target);
}

function asText({ whole, hasEnded }: Recording, target: Target, account: OwnAccount): string {
  const columns = columnsFor(whole.threads);
  return [
    heading(target, whole),
    '',
    titles(columns).trimEnd(),
    ...inOrder(whole.threads).map((thread) => line(columns, thread, whole.ms).trimEnd()),
    '',
    ...summary(whole),
    accountText(account, target),
    ...(hasEnded ? ['The process has ended.'] : []),
    '',
  ].join('\n');
}

function asJson({ whole, hasEnded }: Recording, target: Target, account: OwnAccount): string {
  const { pid, name } = target;
  const { ms, threads, quota, machine, memory } = whole;
  return `${JSON.stringify({ pid, name, seconds: ms / 1000, account, hasEnded, summary: summary(whole), threads, quota, machine, memory }, null, 2)}\n`;
}

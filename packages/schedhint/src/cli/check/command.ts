// Implements `schedhint check`: measures a process, or starts an app and measures that, and says where its time went.

import { setTimeout as delay } from 'node:timers/promises';
import { type Command, defineCommand, numberOption, paintFor } from '@schedhint/core/cli';
import { accountText, findTarget } from '../process/target.js';
import { type Measurement, measure, startedTarget } from './measure.js';
import { StartedApp } from './started-app.js';
import { time, type Verdict } from './verdict.js';
import { verdicts } from './verdicts.js';

const FORMS = `Two forms: schedhint check --pid PID          a process that runs
           schedhint check -- node app.js     starts it, measures, and ends it by SIGINT`;

const OPTIONS = {
  pid: { value: '<pid>', text: 'a process of this user' },
  seconds: { value: '<n>', text: 'how long to measure', default: '10' },
  after: {
    value: '<n>',
    text: 'let a started app run for so many seconds first',
    default: '2',
  },
  json: { text: 'as one JSON object' },
} as const;

/** `schedhint check`. What follows `--` is the program to start. */
export const command: Command = {
  run(args) {
    const end = args.indexOf('--');
    const program = end < 0 ? [] : args.slice(end + 1);
    return checkOf(program).run(end < 0 ? args : args.slice(0, end));
  },
};

interface CheckOptions {
  readonly pid: string | undefined;
  readonly seconds: string;
  readonly after: string;
  readonly json: boolean;
}

const checkOf = (program: readonly string[]) =>
  defineCommand({
    name: 'check',
    description: 'Measure a Node.js process for some seconds, and say where its time went.',
    options: OPTIONS,
    notes: `${FORMS}

No root is needed, and no sched_ext. A started app runs with schedhint/register and SCHEDHINT_STALLS,
so that its collections and stalls are known. Exit code 0: measured, whatever was found; 1: could not measure.`,
    action: (options: CheckOptions) => check(options, program),
  });

/** @throws Error with a `code` */
async function check(
  { pid, seconds, after, json }: CheckOptions,
  program: readonly string[],
): Promise<void> {
  const secondsFor = numberOption('--seconds', seconds, { from: 0.5, to: 3600, whole: false });
  const secondsBefore = numberOption('--after', after, { from: 0, to: 3600, whole: false });
  if ((pid === undefined) === (program.length === 0)) {
    throw Object.assign(
      new Error(
        `${pid === undefined ? 'nothing to measure' : 'give --pid or a program, not both'}: schedhint check --pid PID, or schedhint check -- node app.js`,
      ),
      { code: 'ERR_SCHEDHINT_OPTION' },
    );
  }
  const early = new AbortController();
  const stop = () => early.abort();
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    const found =
      pid === undefined
        ? await started(program, secondsBefore, secondsFor, early)
        : await running(pid, secondsFor, early.signal);
    process.stdout.write(json ? asJson(found) : asText(found));
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

interface Found extends Measurement {
  readonly found: readonly Verdict[];
  /** How the started app ended. */
  readonly ending: string | null;
}

async function running(pid: string, seconds: number, signal: AbortSignal): Promise<Found> {
  const number = numberOption('--pid', pid, { from: 1, to: 2 ** 31 - 1, whole: true });
  const target = findTarget(number);
  process.stderr.write(`measuring process ${number} (${shown(target.name)}) for ${seconds} s\n`);
  const measurement = await measure(target, seconds, signal);
  return { ...measurement, found: verdicts(measurement.measured), ending: null };
}

async function started(
  program: readonly string[],
  secondsBefore: number,
  seconds: number,
  early: AbortController,
): Promise<Found> {
  const app = await StartedApp.start(program);
  const gone = new AbortController();
  void app.ended.then(() => gone.abort());
  const signal = AbortSignal.any([early.signal, gone.signal]);
  let ending = '';
  try {
    process.stderr.write(
      `started ${program.join(' ')}; measuring it for ${seconds} s, after ${secondsBefore} s\n`,
    );
    await delay(secondsBefore * 1000, undefined, { signal }).catch(() => {});
    const measurement = await measure(startedTarget(app.pid), seconds, signal);
    ending = await app.end();
    return { ...measurement, found: verdicts(measurement.measured), ending };
  } finally {
    if (ending === '') process.stderr.write(`${await app.end()}\n`);
  }
}

function asJson({ target, account, measured, found, ending }: Found): string {
  const { pid, name } = target;
  return `${JSON.stringify({ pid, name, seconds: measured.use.ms / 1000, account, verdicts: found, measured, ending }, null, 2)}\n`;
}

const NAME_WIDTH = 16;

function asText({ target, account, measured, found, ending }: Found): string {
  const paint = paintFor(process.stdout);
  const margin = ' '.repeat(NAME_WIDTH);
  const width = (process.stdout.columns ?? Number.POSITIVE_INFINITY) - NAME_WIDTH - 3;
  const lines = found.flatMap(({ verdict, says, evidence, next }) => [
    `${paint(verdict === 'nothing wrong' ? 'green' : 'yellow', verdict.padEnd(NAME_WIDTH))}${says}`,
    ...evidence.flatMap((one) => wrapped(shown(one), width).map((line) => margin + line)),
    ...wrapped(`-> ${next}`, width).map((line, i) => `${margin}${i === 0 ? '' : '   '}${line}`),
    '',
  ]);
  return [
    `schedhint check: process ${target.pid} (${shown(target.name)}), ${time(measured.use.ms)}`,
    '',
    ...lines,
    accountText(account, target),
    ...(ending === null ? [] : [shown(ending)]),
    '',
  ].join('\n');
}

/** The words in lines of at most so many characters. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else {
      lines.push(word);
    }
  }
  return lines;
}

/** A process may call itself anything: no control characters to the terminal. */
const shown = (text: string) => text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '?');

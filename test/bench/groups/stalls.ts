// Measures watching stalls: what it adds to a turn of the event loop and to a stall, what a busy server loses by it, and reading feedback
// without a reader.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { attachThread, watchStalls } from 'schedhint';
import type { Effort } from '../effort.js';
import { interleave, timed } from '../interleave.js';
import type { Group, Row } from '../row.js';
import { shuffle } from '../shuffle.js';
import { intervalOfMean, summarize } from '../statistics.js';

const ASKING = fileURLToPath(new URL('../programs/ask-server.cjs', import.meta.url));

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const now = () => Number(process.hrtime.bigint());

/** Turns in one sample, and the shortest threshold of a stall. */
const TURNS = 2000;
const THRESHOLD_MS = 10;
/** Longer than any stall here. */
const NEVER_MS = 60_000;

/** Of turns in which nothing else happens, ns each. */
async function turns(): Promise<number> {
  const start = now();
  for (let i = 0; i < TURNS; i++) await turn();
  return (now() - start) / TURNS;
}

/** Turns with and without a monitor, one after the other in each round. */
async function measureTurns({ short, samples }: Effort): Promise<Row[]> {
  const rounds = short ? 3 : samples;
  const off: number[] = [];
  const on: number[] = [];
  for (let i = 0; i < (short ? 1 : 50); i++) await turns(); // compiled
  for (let round = 0; round < rounds; round++) {
    for (const isOn of shuffle([false, true])) {
      const monitor = isOn ? watchStalls() : undefined;
      await turn();
      (isOn ? on : off).push(await turns());
      monitor?.stop();
      await turn();
    }
  }
  const added = on.map((ns, i) => ns - off[i]!);
  return [
    { id: 'stalls.turn-off', unit: 'ns', ...summarize(off) },
    { id: 'stalls.turn-on', unit: 'ns', against: 'stalls.turn-off', ...summarize(on) },
    { id: 'stalls.turn-added', unit: 'ns (95 % interval)', ...intervalOfMean(added) },
  ];
}

/** From the end of a stall to the loop's next turn: what reporting it adds. */
async function measureStalls({ short, samples }: Effort): Promise<Row> {
  const after = async (thresholdMs: number) => {
    let seen = 0;
    const monitor = watchStalls({ thresholdMs, onStall: () => seen++ });
    await turn();
    await turn();
    for (const until = now() + (THRESHOLD_MS + 1) * 1e6; now() < until; );
    const start = now();
    await turn();
    await turn();
    const took = now() - start;
    monitor.stop();
    if (seen !== (thresholdMs === NEVER_MS ? 0 : 1)) throw new Error(`${seen} stalls were seen`);
    return took;
  };
  const added: number[] = [];
  for (let round = 0; round < (short ? 3 : samples / 3); round++) {
    added.push((await after(THRESHOLD_MS)) - (await after(NEVER_MS)));
  }
  return { id: 'stalls.stall', unit: 'ns', ...summarize(added) };
}

/** How long a busy server is measured at a time, and how often with and without a monitor. */
const WINDOW_MS = 100;
const WINDOWS = 80;

/** What a server answers less in the same time, in percent, while its stalls are watched. Another process asks. */
async function measureServer({ short }: Effort): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'schedhint-bench-'));
  const path = join(folder, 'socket');
  let answered = 0;
  const server = createServer((_request, response) => {
    answered++;
    response.end('ok');
  }).listen(path);
  await once(server, 'listening');
  const client = spawn(process.execPath, [ASKING, path], { stdio: 'inherit' });
  try {
    const rate = async () => {
      const [before, start] = [answered, now()];
      await sleep(WINDOW_MS);
      return (answered - before) / (now() - start);
    };
    const lost: number[] = [];
    // The first are for V8 to compile it.
    for (let window = short ? 0 : -10; window < (short ? 2 : WINDOWS); window++) {
      const rates = { off: 0, on: 0 };
      for (const kind of shuffle(['off', 'on'] as const)) {
        const monitor = kind === 'on' ? watchStalls() : undefined;
        await turn();
        rates[kind] = await rate();
        monitor?.stop();
      }
      if (rates.off === 0) throw new Error('the server was not asked');
      if (window >= 0) lost.push(100 * (1 - rates.on / rates.off));
    }
    return { id: 'stalls.server-loss', unit: '% (95 % interval)', ...intervalOfMean(lost) };
  } finally {
    client.kill();
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  }
}

export const stalls: Group = {
  name: 'stalls',
  ids: [
    'stalls.turn-off',
    'stalls.turn-on',
    'stalls.turn-added',
    'stalls.stall',
    'stalls.server-loss',
    'stalls.feedback-run-delay',
    'stalls.feedback-read',
  ],
  async measure(_, effort) {
    const { feedback } = attachThread({ map: '/nonexistent/schedhint' });
    let sum = 0;
    const reads = interleave(
      [
        {
          id: 'stalls.feedback-run-delay',
          run: timed((n) => {
            for (let i = 0; i < n; i++) sum += feedback.runDelayMs;
          }),
        },
        {
          id: 'stalls.feedback-read',
          run: timed((n) => {
            for (let i = 0; i < n; i++) sum += feedback.read().runDelayMs;
          }),
        },
      ],
      effort,
    );
    if (Number.isNaN(sum)) throw new Error('the feedback is no number');
    return [
      ...(await measureTurns(effort)),
      await measureStalls(effort),
      await measureServer(effort),
      ...reads,
    ];
  },
};

// Makes stalls of the event loop, each of a named kind and length. As a program it makes one and says when it was, as JSON:
// node make-stall.mjs KIND[,KIND...] MS [worker]: in the main thread, or in a worker; of several kinds each gets an equal share. What a kind
// needs from outside (hogs on the same CPU, a cgroup with a quota) its caller provides.

import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';

const now = () => performance.now();
const require = createRequire(import.meta.url);

/** Uses the CPU for about 0.1 ms. Allocates nothing: a collection may be what is stopped, or has no CPU. */
function compute() {
  let x = 1;
  for (let i = 0; i < 100_000; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0;
  return x;
}

/** Uses the CPU for so long by the wall clock. */
function spin(ms) {
  for (const until = now() + ms; now() < until; ) compute();
}

/** A function that makes a full collection. */
function collector() {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc');
}

/** A file in an empty folder. */
function newFile() {
  const folder = mkdtempSync(join(tmpdir(), 'schedhint-stall-'));
  return { file: join(folder, 'file'), remove: () => rmSync(folder, { recursive: true }) };
}

/** Runs a shell script when begin() is called, from inside of the stall. */
async function onBegin(script) {
  const folder = mkdtempSync(join(tmpdir(), 'schedhint-stall-'));
  const fifos = ['begin', 'end'].map((name) => join(folder, name));
  execFileSync('mkfifo', fifos);
  // Both ends, so that opening it does not wait.
  const [begin, end] = fifos.map((fifo) => openSync(fifo, 'r+'));
  const shell = spawn('sh', ['-c', `read _ < '${fifos[0]}'; ${script}`, 'sh', fifos[1]]);
  await sleep(50); // until the shell waits: it is no part of the stall
  return {
    begin: () => writeSync(begin, '\n'),
    end,
    async close() {
      if (shell.exitCode === null) await new Promise((resolve) => shell.once('exit', resolve));
      closeSync(begin);
      closeSync(end);
      rmSync(folder, { recursive: true });
    },
  };
}

/** Each prepares a stall of so many ms and returns what makes it, without a turn of the loop. */
export const KINDS = {
  /** Own code. Between hogs it is no CPU, in a cgroup with a quota it is throttled. */
  spin: async (ms) => ({ stall: () => spin(ms) }),
  /** Own code that makes garbage: collections of a tenth of a millisecond, some milliseconds apart. */
  garbage: async (ms) => ({
    stall() {
      let last;
      for (const until = now() + ms; now() < until; ) last = new Array(100).fill(last?.length);
      return last;
    },
  }),
  /** Full collections. */
  gc: async (ms) => {
    const gc = collector();
    const kept = Array.from({ length: 400_000 }, (_, i) => ({ i, text: `${i}` }));
    gc();
    return {
      stall() {
        for (const until = now() + ms; now() < until; ) gc();
        return kept.length;
      },
    };
  },
  /** A synchronous read that waits for another process. */
  fifo: async (ms) => {
    const shell = await onBegin(`sleep ${ms / 1000}; echo > "$1"`);
    return {
      stall() {
        shell.begin();
        readSync(shell.end, Buffer.alloc(1));
      },
      close: () => shell.close(),
    };
  },
  /** Writes that wait for the disk. */
  fsync: async (ms) => {
    const { file, remove } = newFile();
    const fd = openSync(file, 'w');
    const bytes = Buffer.alloc(8 * 1024 * 1024, 1); // a fast disk writes less than that in a moment
    return {
      stall() {
        for (const until = now() + ms; now() < until; ) {
          writeSync(fd, bytes, 0, bytes.length, 0);
          fsyncSync(fd);
        }
      },
      close() {
        closeSync(fd);
        remove();
      },
    };
  },
  /** Pages of a mapped file that are not in memory. */
  faults: async (ms) => {
    const { readPages } = require('../native/build/major-faults.node');
    const { file, remove } = newFile();
    writeFileSync(file, Buffer.alloc(32 * 1024 * 1024, 1), { flush: true });
    const fd = openSync(file, 'r');
    fsyncSync(fd); // Node.js 20 does not know `flush`
    closeSync(fd);
    return { stall: () => readPages(file, ms), close: remove };
  },
  /** A wait for another thread. */
  atomics: async (ms) => ({
    stall: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms),
  }),
  /** The process is stopped and continued. */
  sigstop: async (ms) => {
    const { pid } = process;
    const shell = await onBegin(`kill -STOP ${pid}; sleep ${ms / 1000}; kill -CONT ${pid}`);
    return {
      stall() {
        let last = now();
        shell.begin();
        // Until it was stopped, which may be before this; at most ten times as long.
        for (const end = last + 10 * ms; last < end; ) {
          compute();
          const next = now();
          if (next - last > ms / 2) break;
          last = next;
        }
      },
      close: () => shell.close(),
    };
  },
};

/** The stalls of several kinds, one after another. */
async function prepare(kinds, ms) {
  const stalls = [];
  for (const kind of kinds) stalls.push(await KINDS[kind](ms / kinds.length));
  return {
    stall() {
      for (const { stall } of stalls) stall();
    },
    async close() {
      for (const { close } of stalls) await close?.();
    },
  };
}

/**
 * Makes one stall, in a turn of the loop that does nothing else.
 *
 * @param {string} kind of {@link KINDS}; several, with commas between them, make one stall together
 * @param {number} ms
 * @returns when it began (since the epoch, ms; and by CLOCK_MONOTONIC, ns), how long it took, ms, and when it ended
 */
export async function makeStall(kind, ms) {
  const { stall, close } = await prepare(kind.split(','), ms);
  collector()(); // so that none is due
  await sleep(20); // what prepared it is over
  const at = Date.now();
  const startNs = process.hrtime.bigint();
  stall();
  const endNs = process.hrtime.bigint();
  await new Promise((resolve) => setImmediate(resolve));
  await sleep(5); // the loop has turned: a monitor has seen the stall
  await close();
  const numbers = {
    ms: Number(endNs - startNs) / 1e6,
    startNs: Number(startNs),
    endNs: Number(endNs),
  };
  return { kind, at, ...numbers };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , kind = '', ms, thread] = process.argv;
  if (!kind.split(',').every((name) => name in KINDS) || !(Number(ms) > 0)) {
    console.error(`usage: node make-stall.mjs ${Object.keys(KINDS).join('|')}[,...] MS [worker]`);
    process.exit(2);
  }
  if (thread === 'worker') new Worker(new URL(import.meta.url), { argv: [kind, ms] });
  else console.log(JSON.stringify(await makeStall(kind, Number(ms))));
}

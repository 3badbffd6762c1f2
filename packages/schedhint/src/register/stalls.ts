// Watches the thread's stalls where the environment asks for it: by SCHEDHINT_STALLS, or the file that SCHEDHINT_CONFIG names.

import { writeSync } from 'node:fs';
import { debuglog } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import { environmentVariable } from '@schedhint/native';
import type { StallOutput, StallsConfig } from '../config/config.js';
import { startMonitor } from '../stalls/monitor.js';
import type { Stall } from '../stalls/stall.js';
import { lineOf } from '../stalls/stall-line.js';
import { configFile } from './config-file.js';
import { stallsOf } from './stalls-variable.js';

const debug = debuglog('schedhint');
const DEFAULT_MS = 50;
const STDERR = 2;

/** Begins to watch stalls, if the environment asks for it. Never throws. */
export function watchByEnvironment(): void {
  try {
    const wanted = wantedStalls();
    if (wanted === null) return;
    const { thresholdMs = DEFAULT_MS, output = 'line', stack = false } = wanted;
    startMonitor({ thresholdMs, stack, shares: true, onStall: writerOf(output) });
    debug('register: stalls from %d ms are watched', thresholdMs);
  } catch (error) {
    debug('register: stalls: %s', error);
  }
}

/** null: the environment does not ask for it. */
function wantedStalls(): StallsConfig | null {
  const variable = environmentVariable('SCHEDHINT_STALLS');
  if (!variable) return configFile()?.stalls ?? null;
  const wanted = stallsOf(variable);
  if (typeof wanted !== 'string') return wanted;
  if (isMainThread) {
    const message = `SCHEDHINT_STALLS: ${wanted}; stalls are not watched`;
    process.emitWarning(message, { code: 'SCHEDHINT_STALLS' });
  }
  return null;
}

function writerOf(output: StallOutput): ((stall: Stall) => void) | undefined {
  if (output === 'none') return undefined;
  const textOf = output === 'json' ? JSON.stringify : lineOf;
  return (stall) => {
    try {
      // Not process.stderr: a worker's leads through the main thread, which may be what stalls.
      writeSync(STDERR, `${textOf(stall)}\n`);
    } catch {
      // It is closed, or a full pipe.
    }
  };
}

// Attaches this process to the map as schedhint/register does, waits for the broker and a reader, and records the state that the
// checks of `schedhint doctor` judge. Also starts a worker, to see whether a preload reaches it.

import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { type Status, uptr } from '@schedhint/core';
import { type GcSource, startGcHints } from '@schedhint/gc-hooks';
import { type AddonResult, loadAddon, type RefusedCalls } from '@schedhint/native';

/** State of this process after it has attached as an application would: the input of all checks. */
export interface Patient {
  readonly map: string;
  /** Path of the broker's socket; empty: none is asked. */
  readonly broker: string;
  readonly addon: AddonResult;
  /** Null without an addon. */
  readonly calls: RefusedCalls | null;
  readonly status: Status;
  readonly source: GcSource;
  /** Whether a worker started by this process has schedhint; null: not known. */
  readonly workerReached: boolean | null;
}

const LOOK_MS = 20;
const BROKER_MS = 3000;
/** A reader sees a thread at its next context switch: this process has had many by then. */
const READER_MS = 1000;

/** Attaches this thread to the map, as `schedhint/register` does, and waits for what is on its way. */
export async function examine(map: string | undefined): Promise<Patient> {
  const { request } = map === undefined ? uptr() : uptr({ map });
  process.env.SCHEDHINT_QUIET = '1'; // the check of the addon says it
  const hints = startGcHints({ map: request.map });
  const { thread, source } = hints;
  await settle(BROKER_MS, () => codeOf(thread.status) !== 'ERR_SCHEDHINT_BROKER_PENDING');
  await settle(READER_MS, () => thread.status.state !== 'bound' || thread.status.readBy !== null);
  const addon = loadAddon();
  const patient: Patient = {
    map: request.map,
    broker: request.broker,
    addon,
    calls: 'addon' in addon ? addon.addon.refusedCalls() : null,
    status: thread.status,
    source,
    workerReached: 'addon' in addon ? await isWorkerReached(() => thread.status) : null,
  };
  hints.stop();
  return patient;
}

/** The code of a status; empty when it is bound. */
export function codeOf(status: Status): string {
  return status.state === 'bound' ? '' : status.code;
}

async function settle(mostMs: number, isSettled: () => boolean): Promise<void> {
  const end = performance.now() + mostMs;
  while (!isSettled() && performance.now() < end) await delay(LOOK_MS);
}

/** A worker that says nothing of schedhint, as those of an application. */
async function isWorkerReached(status: () => Status): Promise<boolean | null> {
  try {
    const before = status().unreachedWorkers ?? 0;
    const worker = new Worker(
      'require("node:worker_threads").parentPort.once("message", () => {})',
      {
        eval: true,
      },
    );
    await new Promise((resolve, reject) => {
      worker.once('error', reject);
      worker.once('online', resolve);
    });
    await new Promise((resolve) => setImmediate(resolve)); // the code that counts it listens too
    const reached = (status().unreachedWorkers ?? 0) === before;
    await worker.terminate();
    return reached;
  } catch {
    return null; // the runtime, or its permission model, has no workers
  }
}

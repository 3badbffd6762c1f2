// Watches the calling thread for all monitors together, whichever copy of this package they are of, and calls them for each stall.

import { channel } from 'node:diagnostics_channel';
import { readlinkSync } from 'node:fs';
import { threadId } from 'node:worker_threads';
import { loadAddon, throwUncaught } from '@schedhint/native';
import { threadTracker } from '../requests/thread-tracker.js';
import { addonSource } from './addon-source.js';
import { attribute } from './attribution.js';
import { OwnCgroup } from './own-cgroup.js';
import { SharedFindings } from './shared-findings.js';
import { RECORD_PARTS } from './shared-record.js';
import type { MeasuredStall, StallSource } from './source.js';
import type { StackWatch } from './stack-watch.js';
import { STALL_CHANNEL, type Stall } from './stall.js';
import type { CountingWatch, StallCounts } from './stall-counts.js';
import { timerSource } from './timer-source.js';

/** What the copies, and the metrics, expect of each other. Another number for what is not compatible: such copies do not meet. */
const WATCH = Symbol.for('schedhint.stalls.watch/1');
const REQUESTS = 16;

/** What is called for stalls. */
export interface StallListener {
  readonly thresholdMs: number;
  /** null: it needs no stacks. */
  readonly stack: StackWatch | null;
  /** Whether what is found is for other processes too. */
  readonly shares: boolean;
  onStall(stall: Stall): void;
}

/** What watches a thread, as other copies see it. */
export interface ThreadWatch extends CountingWatch {
  add(listener: StallListener): void;
  remove(listener: StallListener): void;
  /** Of the last second the share that the thread was ready to run and had no CPU; -1: not known. */
  starvedShare(): number;
}

/** Of this thread: a worker has its own `process`. */
const shared = process as { [WATCH]?: ThreadWatch };

/** The thread's. */
export function threadWatch(): ThreadWatch {
  let watch = shared[WATCH];
  if (watch === undefined) {
    watch = new Watch();
    Object.defineProperty(shared, WATCH, { value: watch });
  }
  return watch;
}

const zeros = (names: readonly string[]): Record<string, number> =>
  Object.fromEntries(names.map((name) => [name, 0]));

class Watch implements ThreadWatch {
  readonly #listeners = new Set<StallListener>();
  readonly #published = channel(STALL_CHANNEL);
  #cgroup: OwnCgroup | undefined;
  /** null: there are no listeners. */
  #source: StallSource | null = null;
  #findings: SharedFindings | null = null;
  #tid: number | undefined;
  readonly #counts = { partsMs: zeros(RECORD_PARTS), causes: zeros([...RECORD_PARTS, 'mixed']) };

  get counts(): StallCounts | null {
    return this.#listeners.size > 0 ? this.#counts : null;
  }

  add(listener: StallListener): void {
    this.#listeners.add(listener);
    if (listener.shares && this.#findings === null) {
      // The slot has to be claimed at the start: what shares comes first, before the application.
      this.#source?.stop();
      this.#source = null;
    }
    if (this.#source === null) this.#start(listener.shares);
    else this.#source.setThreshold(this.#thresholdMs());
  }

  remove(listener: StallListener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) {
      this.#source?.setThreshold(this.#thresholdMs());
      return;
    }
    this.#source?.stop();
    this.#source = null;
    this.#findings?.stop();
    this.#findings = null;
  }

  starvedShare(): number {
    return this.#source?.starvedShare() ?? -1;
  }

  #thresholdMs(): number {
    return Math.min(...[...this.#listeners].map(({ thresholdMs }) => thresholdMs));
  }

  #start(shares: boolean): void {
    this.#cgroup ??= new OwnCgroup();
    const loaded = loadAddon();
    // Bun has stubs of libuv's functions that end the process.
    const addon = 'addon' in loaded && process.versions.bun === undefined ? loaded.addon : null;
    const onStall = (measured: MeasuredStall) => this.#tell(measured);
    const thresholdMs = this.#thresholdMs();
    const sharedId = shares ? threadId : undefined;
    this.#source = addon && addonSource(addon, this.#cgroup, onStall, thresholdMs, sharedId);
    if (shares && this.#source !== null) this.#findings = new SharedFindings(addon!);
    this.#source ??= timerSource(this.#cgroup, onStall, thresholdMs);
  }

  #tell(measured: MeasuredStall): void {
    try {
      const stall = this.#stallOf(measured);
      this.#count(stall);
      this.#findings?.add(stall);
      this.#published.publish(stall);
      for (const listener of [...this.#listeners]) {
        if (stall.durationMs >= listener.thresholdMs) callListener(listener, stall);
      }
    } catch (error) {
      throwUncaught(error);
    }
  }

  #count({ parts, cause }: Stall): void {
    const { partsMs, causes } = this.#counts;
    for (const part of RECORD_PARTS) partsMs[part]! += parts[part];
    causes[cause]!++;
  }

  #stallOf(measured: MeasuredStall): Stall {
    const { at, durationMs, gc, switches, majorFaults } = measured;
    const stack = this.#takeStack(measured);
    const cgroup = this.#cgroupOf(measured);
    return {
      ...{ threadId, tid: this.tid, at, durationMs },
      ...attribute(measured),
      gc,
      ...(cgroup !== undefined && { cgroup }),
      ...{ switches, majorFaults },
      requests: threadTracker()?.oldest?.(REQUESTS) ?? [],
      ...(stack !== undefined && { stack }),
      precision: this.#source?.precision ?? 'low',
    };
  }

  #takeStack(measured: MeasuredStall): string | undefined {
    let found: string | undefined;
    for (const { stack } of this.#listeners) found ??= stack?.take(measured);
    return found;
  }

  #cgroupOf({ periods, throttledPeriods }: MeasuredStall): Stall['cgroup'] {
    const { version } = this.#cgroup?.found ?? {};
    const quotaCpus = this.#cgroup?.quota()?.quotaCpus;
    if (version === undefined || quotaCpus === undefined) return undefined;
    return { version, periods, throttledPeriods, quotaCpus };
  }

  get tid(): number {
    this.#tid ??= ownTid();
    return this.#tid;
  }
}

function callListener(listener: StallListener, stall: Stall): void {
  try {
    listener.onStall(stall);
  } catch (error) {
    throwUncaught(error);
  }
}

/** The link is PID/task/TID. */
function ownTid(): number {
  try {
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1));
  } catch {
    return 0;
  }
}

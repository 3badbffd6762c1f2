// Passes on to other processes what is known of a thread's stalls and of its heap, by the record that the addon publishes.

import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import type { Addon } from '@schedhint/native';
import { RECORD_PARTS } from './shared-record.js';
import type { Stall } from './stall.js';

const HEAP_MS = 1000;

// Taken at load: test frameworks replace timers with fake ones.
const { setInterval, clearInterval } = globalThis;

/** Of one thread, since it was made. */
export class SharedFindings {
  readonly #addon: Addon;
  readonly #timer: NodeJS.Timeout;
  readonly #partsMs = RECORD_PARTS.map(() => 0);
  #stalls = 0;
  #longestStallMs = 0;
  #heap: HeapFigures = { heapUsedBytes: 0, heapLimitBytes: 0, promotedBytes: 0, semiSpaceBytes: 0 };
  #oldBytes = 0;

  constructor(addon: Addon) {
    this.#addon = addon;
    this.#timer = setInterval(() => this.#look(), HEAP_MS);
    this.#timer.unref();
  }

  add({ durationMs, parts }: Stall): void {
    this.#stalls++;
    this.#longestStallMs = Math.max(this.#longestStallMs, durationMs);
    for (const [i, part] of RECORD_PARTS.entries()) this.#partsMs[i]! += parts[part];
    this.#tell();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Looks at the heap: some microseconds. */
  #look(): void {
    const spaces = new Map(getHeapSpaceStatistics().map((space) => [space.space_name, space]));
    const used = (name: string) => spaces.get(name)?.space_used_size ?? 0;
    const oldBytes = used('old_space') + used('large_object_space');
    const grown = oldBytes - this.#oldBytes;
    const isFirst = this.#oldBytes === 0;
    this.#oldBytes = oldBytes;
    const young = spaces.get('new_space');
    this.#heap = {
      // It shrinks by major collections alone.
      heapUsedBytes: isFirst || grown < 0 ? oldBytes : this.#heap.heapUsedBytes,
      heapLimitBytes: getHeapStatistics().heap_size_limit,
      promotedBytes: this.#heap.promotedBytes + (isFirst ? 0 : Math.max(0, grown)),
      semiSpaceBytes: young === undefined ? 0 : young.space_used_size + young.space_available_size,
    };
    this.#tell();
  }

  #tell(): void {
    this.#addon.tellStalls({
      stalls: this.#stalls,
      partsMs: this.#partsMs,
      longestStallMs: this.#longestStallMs,
      ...this.#heap,
    });
  }
}

interface HeapFigures {
  readonly heapUsedBytes: number;
  readonly heapLimitBytes: number;
  readonly promotedBytes: number;
  readonly semiSpaceBytes: number;
}

// Counts what was compared, and keeps what was otherwise than expected.

import { inspect, isDeepStrictEqual } from 'node:util';

export class Checks {
  #count = 0;
  readonly #faults: string[] = [];

  get count(): number {
    return this.#count;
  }

  get faults(): readonly string[] {
    return this.#faults;
  }

  same(what: string, seen: unknown, expected: unknown): void {
    this.#count++;
    if (isDeepStrictEqual(seen, expected)) return;
    const show = (value: unknown) => inspect(value, { breakLength: Infinity, maxArrayLength: 16 });
    this.#faults.push(`${what}: ${show(seen)}, expected ${show(expected)}`);
  }

  /** The same bytes. */
  bytes(what: string, seen: Buffer | string, expected: Uint8Array): void {
    this.same(what, typeof seen === 'string' ? seen : [...seen], [...expected]);
  }
}

import {
  type Bracketed,
  checkSlice,
  checkU64,
  checkUrgency,
  convert,
  HINT_KEYS,
  type HintGroup,
  type Hints,
  PHASES,
  phaseNumber,
} from './hints.js';
import { type Buffer, checkPlace, movable } from './memory.js';
import { inspectGetters, jsonOfGetters } from './present.js';
import { type PhaseName, threadIndex, threadLayout } from './standard.js';
import { storeWhole } from './whole64.js';

const PHASE = threadIndex('phase');
const URGENCY = threadIndex('urgency');
const SLICE_US = threadIndex('slice_us');
const DEADLINE_NS = threadIndex('deadline_ns');
const USER = threadIndex('user');
const SEQ = threadIndex('seq');

/**
 * How often {@link BlockHints.set} looks at an odd `seq` before it gives up for this turn: about a
 * microsecond, where a writer that is running needs a tenth of one.
 */
const TRIES = 64;

/** The hints of a standard block. Each property is one store or load. */
export class BlockHints implements Hints {
  #u16!: Uint16Array;
  #u32!: Uint32Array;
  #u64!: BigUint64Array;
  #f64!: Float64Array;
  /** what a {@link set} could not write because the other writer was in the middle */
  #pending: Bracketed | undefined = undefined;
  #scheduled = false;

  /** @internal over the block at `byteOffset`; throws `ERR_OPTION` if there is no room for one */
  constructor(buffer: Buffer, byteOffset = 0) {
    this.#point(buffer, byteOffset);
    movable(this, (...place) => this.#move(...place));
    Object.freeze(this);
  }

  get urgency(): number {
    return this.#u32[URGENCY]!;
  }
  set urgency(value: number) {
    checkUrgency(value);
    if (this.#pending !== undefined) delete this.#pending.urgency;
    this.#u32[URGENCY] = value;
  }

  get sliceUs(): number {
    return this.#u32[SLICE_US]!;
  }
  set sliceUs(value: number) {
    checkSlice(value);
    if (this.#pending !== undefined) delete this.#pending.sliceUs;
    this.#u32[SLICE_US] = value;
  }

  get deadlineNs(): bigint {
    return this.#u64[DEADLINE_NS]!;
  }
  set deadlineNs(value: number | bigint) {
    checkU64('deadlineNs', value);
    if (this.#pending !== undefined) delete this.#pending.deadlineNs;
    if (typeof value === 'number') storeWhole(this.#f64, this.#u64, DEADLINE_NS, value);
    else this.#u64[DEADLINE_NS] = value;
  }

  get user(): bigint {
    return this.#u64[USER]!;
  }
  set user(value: number | bigint) {
    checkU64('user', value);
    if (this.#pending !== undefined) delete this.#pending.user;
    if (typeof value === 'number') storeWhole(this.#f64, this.#u64, USER, value);
    else this.#u64[USER] = value;
  }

  get phase(): PhaseName {
    return PHASES[this.#u16[PHASE]!] ?? 'none';
  }
  set phase(value: PhaseName) {
    this.#u16[PHASE] = phaseNumber(value);
  }

  set(group: HintGroup): void {
    const { bracketed, phase } = convert(group);
    if (phase !== undefined) Atomics.store(this.#u16, PHASE, phase);
    // Without a key in the bracket there is nothing to bracket.
    if (Object.keys(bracketed).length === 0) return;
    this.#pending = { ...this.#pending, ...bracketed };
    this.#flush();
  }

  reset(): void {
    this.set({ urgency: 0, sliceUs: 0, deadlineNs: 0n, user: 0n, phase: 'none' });
  }

  toJSON(): Record<string, unknown> {
    return jsonOfGetters(this, HINT_KEYS);
  }

  /** What `console.log` shows. */
  [Symbol.for('nodejs.util.inspect.custom')](
    depth: number,
    options: object,
    inspect: (value: unknown, options: object) => string,
  ): string {
    return inspectGetters('Hints', this, HINT_KEYS, depth, options, inspect);
  }

  /** Writes what is pending now, or sees to it that a later turn tries again. */
  #flush(): void {
    const group = this.#pending;
    if (group === undefined) return;
    if (this.#write(group)) {
      this.#pending = undefined;
    } else if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.#flush();
      }).unref();
    }
  }

  /** Writes a group inside its bracket; false if the other writer does not let go of it. */
  #write(group: Bracketed): boolean {
    const seq = this.#enter();
    if (seq === undefined) return false;
    // Nothing in here can throw. Atomics, because plain stores could become visible before the odd
    // seq does where the machine reorders stores (arm64), or where the compiler does.
    const { urgency, sliceUs, deadlineNs, user } = group;
    if (urgency !== undefined) Atomics.store(this.#u32, URGENCY, urgency);
    if (sliceUs !== undefined) Atomics.store(this.#u32, SLICE_US, sliceUs);
    if (deadlineNs !== undefined) Atomics.store(this.#u64, DEADLINE_NS, deadlineNs);
    if (user !== undefined) Atomics.store(this.#u64, USER, user);
    Atomics.store(this.#u32, SEQ, (seq + 2) >>> 0);
    return true;
  }

  /** Makes `seq` odd and returns the even value it had, or undefined if it stays odd. */
  #enter(): number | undefined {
    for (let tries = 0; tries < TRIES; tries++) {
      const seq = Atomics.load(this.#u32, SEQ);
      if (seq % 2 !== 0) continue;
      if (Atomics.compareExchange(this.#u32, SEQ, seq, seq + 1) === seq) return seq;
    }
    return undefined;
  }

  #point(buffer: Buffer, byteOffset: number): void {
    const { size, align } = threadLayout;
    checkPlace(buffer, byteOffset, size, align);
    this.#u16 = new Uint16Array(buffer, byteOffset, size / 2);
    this.#u32 = new Uint32Array(buffer, byteOffset, size / 4);
    this.#u64 = new BigUint64Array(buffer, byteOffset, size / 8);
    this.#f64 = new Float64Array(buffer, byteOffset, size / 8);
  }

  /**
   * At detach: over a private copy of the block from now on. The copy may have caught a bracket half
   * open, which nobody would ever close; a pending group is written here, and never to the block.
   */
  #move(buffer: Buffer, byteOffset: number): void {
    this.#point(buffer, byteOffset);
    const seq = this.#u32[SEQ]!;
    if (seq % 2 !== 0) this.#u32[SEQ] = seq + 1;
    this.#flush();
  }
}

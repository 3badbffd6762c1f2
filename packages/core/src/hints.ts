import { integerCheck, isU64, refuse, U64_RANGE } from './checks.js';
import { show, typeError } from './errors.js';
import { type Buffer, checkPlace, movable } from './memory.js';
import { inspectGetters, jsonOfGetters } from './present.js';
import { Phase, type PhaseName, threadIndex, threadLayout, URGENCY_MAX } from './standard.js';
import { storeWhole } from './whole64.js';

/** What {@link Hints.set} takes: any of the hints. */
export interface HintGroup {
  urgency?: number;
  sliceUs?: number;
  deadlineNs?: number | bigint;
  user?: number | bigint;
  phase?: PhaseName;
}

/** The hints that `seq` brackets, converted and checked. */
interface Bracketed {
  urgency?: number;
  sliceUs?: number;
  deadlineNs?: bigint;
  user?: bigint;
}

const PHASE = threadIndex('phase');
const URGENCY = threadIndex('urgency');
const SLICE_US = threadIndex('slice_us');
const DEADLINE_NS = threadIndex('deadline_ns');
const USER = threadIndex('user');
const SEQ = threadIndex('seq');

const KEYS = ['urgency', 'sliceUs', 'deadlineNs', 'user', 'phase'] as const;
const PHASES = Object.keys(Phase) as readonly PhaseName[];

const checkUrgency = integerCheck('urgency', 0, URGENCY_MAX, `an integer 0..${URGENCY_MAX}`);
const checkSlice = integerCheck('sliceUs', 0, 0xffff_ffff, `an integer 0..${0xffff_ffff}`);

/**
 * How often {@link Hints.set} looks at an odd `seq` before it gives up for this turn: about a
 * microsecond, where a writer that is running needs a tenth of one.
 */
const TRIES = 64;

/**
 * What a thread tells the scheduler. Assigning a property is one plain aligned store: no system
 * call, and a reader sees the old value or the new one. {@link set} changes several as one.
 *
 * A block may have two writers, the thread itself and its parent (`hintsOf(worker)`): of two
 * assignments the later one stays.
 *
 * Values are checked before anything is stored: TypeError `ERR_FIELD_TYPE` for the wrong type,
 * RangeError `ERR_FIELD_RANGE` for a number out of range or a fraction.
 */
export class Hints {
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

  /** How latency matters: 0 = no opinion, 1 = batch work .. 1024 = latency critical. */
  get urgency(): number {
    return this.#u32[URGENCY]!;
  }
  set urgency(value: number) {
    checkUrgency(value);
    if (this.#pending !== undefined) delete this.#pending.urgency;
    this.#u32[URGENCY] = value;
  }

  /** The time slice wished for, in microseconds, 0..2^32-1; 0 = no opinion. */
  get sliceUs(): number {
    return this.#u32[SLICE_US]!;
  }
  set sliceUs(value: number) {
    checkSlice(value);
    if (this.#pending !== undefined) delete this.#pending.sliceUs;
    this.#u32[SLICE_US] = value;
  }

  /**
   * When the work at hand is due: nanoseconds of CLOCK_MONOTONIC in the initial time namespace, any
   * integer 0..2^64-1; 0 = none. A number may be assigned (it is exact to 2^53, 104 days of uptime,
   * and within a microsecond for centuries), a bigint is read.
   */
  get deadlineNs(): bigint {
    return this.#u64[DEADLINE_NS]!;
  }
  set deadlineNs(value: number | bigint) {
    checkU64('deadlineNs', value);
    if (this.#pending !== undefined) delete this.#pending.deadlineNs;
    if (typeof value === 'number') storeWhole(this.#f64, this.#u64, DEADLINE_NS, value);
    else this.#u64[DEADLINE_NS] = value;
  }

  /** The application's own: any integer 0..2^64-1, which means what its scheduler takes it to mean. */
  get user(): bigint {
    return this.#u64[USER]!;
  }
  set user(value: number | bigint) {
    checkU64('user', value);
    if (this.#pending !== undefined) delete this.#pending.user;
    if (typeof value === 'number') storeWhole(this.#f64, this.#u64, USER, value);
    else this.#u64[USER] = value;
  }

  /** What the thread is about. A value that this version has no name for reads as `'none'`. */
  get phase(): PhaseName {
    return PHASES[this.#u16[PHASE]!] ?? 'none';
  }
  set phase(value: PhaseName) {
    this.#u16[PHASE] = phaseNumber(value);
  }

  /**
   * Sets several hints as one: a reader sees all of the old values or all of the new ones. Everything
   * is converted and checked first; if anything is wrong nothing is written. (`phase` may be in the
   * group, but is stored by itself: a reader may see it a moment apart from the rest.)
   *
   * If the block's other writer is in the middle of a group of its own, this waits for about a
   * microsecond at most. If that was not enough nothing is written yet: the group is kept, merged
   * with later ones, and tried again in each turn of the event loop until it is written (which keeps
   * no process alive). Until then the properties read as before; one that is assigned meanwhile
   * leaves the group. A thread that died in the middle leaves its block like that for good, and
   * then the group is never written; nothing waits for it.
   *
   * @throws TypeError `ERR_FIELD_UNKNOWN` for a key that is no hint, TypeError `ERR_FIELD_TYPE`,
   *   RangeError `ERR_FIELD_RANGE` as assignment does
   */
  set(group: HintGroup): void {
    const { bracketed, phase } = convert(group);
    if (phase !== undefined) Atomics.store(this.#u16, PHASE, phase);
    // Without a key in the bracket there is nothing to bracket.
    if (Object.keys(bracketed).length === 0) return;
    this.#pending = { ...this.#pending, ...bracketed };
    this.#flush();
  }

  /** Takes back every hint: no opinion, no deadline, no phase, and 0 for `user`. */
  reset(): void {
    this.set({ urgency: 0, sliceUs: 0, deadlineNs: 0n, user: 0n, phase: 'none' });
  }

  /** The hints as they are now; bigints become decimal strings. */
  toJSON(): Record<string, unknown> {
    return jsonOfGetters(this, KEYS);
  }

  /** What `console.log` shows. */
  [Symbol.for('nodejs.util.inspect.custom')](
    depth: number,
    options: object,
    inspect: (value: unknown, options: object) => string,
  ): string {
    return inspectGetters('Hints', this, KEYS, depth, options, inspect);
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

function convert(group: HintGroup): { bracketed: Bracketed; phase: number | undefined } {
  if (typeof group !== 'object' || group === null) {
    throw typeError('ERR_FIELD_TYPE', `set: expected an object of hints, got ${show(group)}`);
  }
  const bracketed: Bracketed = {};
  let phase: number | undefined;
  for (const [key, value] of Object.entries(group) as [string, never][]) {
    switch (key) {
      case 'urgency':
        checkUrgency(value);
        bracketed.urgency = value;
        break;
      case 'sliceUs':
        checkSlice(value);
        bracketed.sliceUs = value;
        break;
      case 'deadlineNs':
      case 'user':
        checkU64(key, value);
        bracketed[key] = BigInt(value);
        break;
      case 'phase':
        phase = phaseNumber(value);
        break;
      default:
        throw typeError(
          'ERR_FIELD_UNKNOWN',
          `set: expected ${KEYS.join(', ')}, got a hint named ${show(key)}`,
        );
    }
  }
  return { bracketed, phase };
}

function checkU64(name: string, value: number | bigint): void {
  const typeIsRight = typeof value === 'number' || typeof value === 'bigint';
  if (!typeIsRight || !isU64(value)) {
    refuse(name, `an integer ${U64_RANGE}, a number or a bigint`, value, typeIsRight);
  }
}

function phaseNumber(name: PhaseName): number {
  if (typeof name !== 'string' || !Object.hasOwn(Phase, name)) {
    const expected = PHASES.map((phase) => `'${phase}'`).join(', ');
    refuse('phase', `one of ${expected}`, name, typeof name === 'string');
  }
  return Phase[name];
}

// Follows one thread's states by the kernel's scheduler: a BPF program at its switches writes down each change (thread_states.bpf.c).

import { BpfReader } from '../../rig/bpf-reader.js';

const STATES = ['unknown', 'onCpu', 'ready', 'throttled', 'asleep', 'stopped'] as const;
export type ThreadState = (typeof STATES)[number];

/** A time in which the thread's state did not change; ns of CLOCK_MONOTONIC. */
export interface StateInterval {
  readonly state: ThreadState;
  readonly startNs: number;
  readonly endNs: number;
  /**
   * How much of it the kernel counted as CPU time. Of `onCpu` the hypervisor had the rest. Where a thread wakes and gets its CPU immediately,
   * the kernel counts from the wakeup on: some microseconds of `ready` too.
   */
  readonly ranNs: number;
}

/** A change to a state. */
interface Change {
  readonly ns: number;
  readonly ranNs: number;
  readonly state: ThreadState;
}

/** CPU time that the kernel may count late. */
const MOST_UNSEEN_NS = 2_000_000;
/** As the program's map has room for. */
const MOST_CHANGES = 131_072;

/** The program, loaded. */
export class ThreadStates {
  readonly #reader: BpfReader;

  private constructor(reader: BpfReader) {
    this.#reader = reader;
  }

  /** @param pins a directory of a bpffs */
  static async load(pins: string): Promise<ThreadStates> {
    return new ThreadStates(await BpfReader.load('thread_states', pins));
  }

  /** Follows this thread from now on, and forgets what was before. */
  async follow(tid: number): Promise<void> {
    await this.#reader.set('watched', 0, [tid]);
    await this.#reader.set('change_count', 0, [0, 0]);
  }

  /** What was seen since {@link follow}. */
  async intervals(): Promise<StateInterval[]> {
    const count = Number((await this.#reader.get('change_count', 0)).readBigUInt64LE());
    if (count > MOST_CHANGES) throw new Error(`${count} changes of state, more than are kept`);
    const entries = await this.#reader.dump('changes', Math.max(1, count));
    const changes = entries.slice(0, count).map(([, value]) => ({
      ns: Number(value.readBigUInt64LE(0)),
      ranNs: Number(value.readBigUInt64LE(8)),
      state: STATES[value.readUInt32LE(16)] ?? 'unknown',
    }));
    return intervalsOf(changes);
  }

  close(): Promise<void> {
    return this.#reader.close();
  }
}

/** What lies between changes; the last one's end is not known. */
export function intervalsOf(changes: readonly Change[]): StateInterval[] {
  const sorted = [...changes].sort((a, b) => a.ns - b.ns);
  return sorted.slice(1).map((next, i) => {
    const { state, ns } = sorted[i]!;
    const span = { state, startNs: ns, endNs: next.ns };
    const counted = (k: number) => (sorted[k + 1]?.ranNs ?? 0) - sorted[k]!.ranNs;
    const length = (k: number) => (sorted[k + 1]?.ns ?? 0) - sorted[k]!.ns;
    // It has run: changes are missing. Seen on a busy machine, for some tenths of a second.
    if (state !== 'onCpu' && counted(i) > MOST_UNSEEN_NS) {
      return { ...span, state: 'unknown', ranNs: 0 };
    }
    if (state === 'onCpu') return { ...span, ranNs: Math.min(counted(i), length(i)) };
    if (state !== 'ready' || next.state !== 'onCpu') return { ...span, ranNs: 0 };
    // What the kernel counted of the stay on a CPU that follows, and was before it.
    const before = counted(i + 1) - length(i + 1);
    return { ...span, ranNs: Math.max(0, Math.min(length(i), before)) };
  });
}

// A thread's block, as the embedded reader finds it: the first half to read, the second to write,
// by the layout of schedhint.h. The block has one reader, so it asks for no reader_id. (An app has views for this; a reader is somebody else.)

import { ABI, GC_PAUSED, HintBit, ReaderFlag, threadLayout } from 'schedhint/abi';

const SIZE = threadLayout.size;

/** Index of a field in a typed array of its element size. */
const at = Object.fromEntries(
  threadLayout.fields.map(({ name, offset, size }) => [name, offset / size]),
);

export class Block {
  #u16;
  #u32;
  #u64;
  #group = { urgency: 0, batch: false, sliceUs: 0, deadlineNs: '0', user: '0' };

  /**
   * @param {ArrayBuffer} page
   * @param {number} offset in it
   */
  constructor(page, offset) {
    this.#u16 = new Uint16Array(page, offset, SIZE / 2);
    this.#u32 = new Uint32Array(page, offset, SIZE / 4);
    this.#u64 = new BigUint64Array(page, offset, SIZE / 8);
  }

  /** Kinds of pause in progress; 0: none. */
  get gc() {
    return Atomics.load(this.#u32, at.gc) & GC_PAUSED;
  }

  get gcCount() {
    return Atomics.load(this.#u32, at.gc_count);
  }

  /** The hints; of the fields that are only true together, the last that were read whole. */
  get hints() {
    const seq = Atomics.load(this.#u32, at.seq);
    const group = {
      urgency: Atomics.load(this.#u32, at.urgency),
      batch: (Atomics.load(this.#u32, at.hints) & HintBit.batch) !== 0,
      sliceUs: Atomics.load(this.#u32, at.slice_us),
      deadlineNs: String(Atomics.load(this.#u64, at.deadline_ns)),
      user: String(Atomics.load(this.#u64, at.user)),
    };
    if (seq % 2 === 0 && Atomics.load(this.#u32, at.seq) === seq) this.#group = group;
    const role = Atomics.load(this.#u16, at.role);
    return { role, phase: Atomics.load(this.#u16, at.phase), ...this.#group };
  }

  /**
   * @param {bigint} now
   * @param {{ runDelayNs: number, gcRunDelayNs: number, onCpuNs: number, preempted: number, gcPreempted: number }} feedback
   */
  publish(now, { runDelayNs, gcRunDelayNs, onCpuNs, preempted, gcPreempted }) {
    Atomics.store(this.#u32, at.reader_flags, ReaderFlag.observes);
    Atomics.store(this.#u64, at.run_delay_ns, BigInt(runDelayNs));
    Atomics.store(this.#u64, at.gc_run_delay_ns, BigInt(gcRunDelayNs));
    Atomics.store(this.#u64, at.on_cpu_ns, BigInt(onCpuNs));
    Atomics.store(this.#u32, at.preempted, preempted);
    Atomics.store(this.#u32, at.gc_preempted, gcPreempted);
    Atomics.store(this.#u32, at.reader_abi, ABI);
    Atomics.store(this.#u64, at.reader_seen_ns, now);
  }
}

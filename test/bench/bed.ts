// Mounts a bpffs and loads the BPF object whose maps the benchmark measures, or records why it cannot.

import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { whyNot } from '../rig/unsupported-reason.js';
import { BENCH_ADDON, BENCH_OBJECT, native } from './native.js';

/**
 * The maps that the rows are measured on, one for each channel, pinned in a private bpffs. There are
 * no maps where the machine or the user's rights do not allow them; `why` then has the reason.
 */
export class Bed {
  readonly #bpffs: Bpffs | null;
  /** Why there are no maps; null: there are. */
  readonly why: string | null;

  private constructor(bpffs: Bpffs | null, why: string | null) {
    this.#bpffs = bpffs;
    this.why = why;
  }

  static make(): Bed {
    const reason = whyNot();
    if (reason !== null) return new Bed(null, reason);
    const bpffs = mountBpffs();
    const failure = native.loadObject(BENCH_OBJECT, bpffs.path, BENCH_ADDON);
    return new Bed(bpffs, failure);
  }

  /** The path of a map's pin; of none where there is no map. */
  pin(map: 'schedhint' | 'task_hints' | 'tld_data_map'): string {
    return `${this.#bpffs?.path ?? '/nonexistent'}/${map}`;
  }

  clear(): void {
    native.unloadObject();
    this.#bpffs?.unmount();
  }
}

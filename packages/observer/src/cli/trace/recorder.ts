// Distributes the observer's events to a track per thread and builds a timeline from them. A reused tid gets a new track.

import type { ThreadEvent } from '../../snapshot.js';
import type { Timeline, Track } from './timeline.js';
import { ThreadTrack } from './track.js';

/** Makes tracks of events, as they come. */
export class Recorder {
  readonly #startNs: bigint;
  readonly #periodNs: number;
  readonly #tracks = new Map<number, ThreadTrack>();
  readonly #ended: ThreadTrack[] = [];

  /** @param periodNs between two looks at a thread that runs */
  constructor(startNs: bigint, periodNs: number) {
    this.#startNs = startNs;
    this.#periodNs = periodNs;
  }

  add(event: ThreadEvent): void {
    let track = this.#tracks.get(event.tid);
    if (track === undefined) {
      track = new ThreadTrack(event.tid, this.#periodNs);
      this.#tracks.set(event.tid, track);
    }
    track.add(event, Number(event.ns - this.#startNs));
    if (event.what !== 'end') return;
    // Its id may be another thread's from now on.
    this.#tracks.delete(event.tid);
    this.#ended.push(track);
  }

  /** What is still open ends now. */
  finish(pid: number, name: string, endNs: bigint): Timeline {
    const durationNs = Number(endNs - this.#startNs);
    const all = [...this.#ended, ...this.#tracks.values()];
    for (const track of all) track.close(durationNs);
    const order = (track: Track) => (track.kind === 'helper' ? 3 : track.role === 1 ? 1 : 2);
    const tracks = all.sort((a, b) => order(a) - order(b) || a.tid - b.tid);
    return { pid, name, durationNs, tracks };
  }
}

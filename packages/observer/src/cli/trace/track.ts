// Builds the track of one thread from its events: CPU spans, waits, GC pauses, preemptions and changes of hints. The ends of
// pauses are estimated, because the observer samples them.

import type { ObservedHints, ThreadEvent } from '../../snapshot.js';
import type {
  CpuSpan,
  HintChange,
  Pause,
  Preemption,
  ShortPauses,
  Span,
  Track,
} from './timeline.js';

interface OpenPause {
  readonly start: number;
  readonly sinceNs: bigint;
  kinds: number;
}

/**
 * The track of one thread, made of its events in their order.
 *
 * Switches are exact. A pause begins when the thread itself says that it did (`gcSinceNs`), but not
 * before the last look that found none. Its end falls between two looks, which are a period apart
 * where the thread runs; the middle is taken. Off the CPU it can neither begin nor end.
 */
export class ThreadTrack implements Track {
  readonly tid: number;
  name = '';
  kind: 'js' | 'helper' = 'helper';
  role = 0;
  readonly onCpu: CpuSpan[] = [];
  readonly waits: Span[] = [];
  readonly pauses: Pause[] = [];
  readonly shortPauses: ShortPauses[] = [];
  readonly preemptions: Preemption[] = [];
  readonly hints: HintChange[] = [];
  readonly #periodNs: number;
  #cpu: { start: number; cpu: number; inGc: boolean } | null = null;
  #waitingSince: number | null = null;
  #pause: OpenPause | null = null;
  #gcCount: number | null = null;
  /** Collections that the thread has counted, less those that were seen. */
  #unseen = 0;
  #lastLook: number | null = null;
  #hinted = '';

  constructor(tid: number, periodNs: number) {
    this.tid = tid;
    this.#periodNs = periodNs;
  }

  add(event: ThreadEvent, at: number): void {
    this.name = event.comm;
    this.#switch(event, at);
    // The thread was not looked at when it was woken: the rest is what the event before had.
    if (event.what === 'wake') return;
    if (event.kind === 'js') {
      this.kind = 'js';
      this.role = event.hints!.role;
      this.#collect(event, at);
      this.#hint(event.hints!, at);
    }
    this.#lastLook = at;
    if (event.what === 'end') this.close(at);
  }

  /** Ends what is open. */
  close(at: number): void {
    this.#leaveCpu(at);
    this.#endWait(at);
    this.#endPause(at);
  }

  #switch(event: ThreadEvent, at: number): void {
    switch (event.what) {
      case 'run':
        this.#endWait(at);
        this.#leaveCpu(at);
        this.#cpu = { start: at, cpu: event.cpu, inGc: event.inGc };
        break;
      case 'wait':
        this.preemptions.push({ at, inGc: event.inGc });
        this.#leaveCpu(at);
        this.#waitingSince = at;
        break;
      case 'signal':
        this.#leaveCpu(at);
        this.#waitingSince = at;
        break;
      case 'sleep':
        this.#leaveCpu(at);
        break;
      case 'wake':
        this.#waitingSince = at;
        break;
      case 'change':
        // Of a helper, the process has begun or ended a pause.
        if (this.#cpu === null || this.#cpu.inGc !== event.inGc) {
          this.#leaveCpu(at);
          this.#cpu = { start: at, cpu: event.cpu, inGc: event.inGc };
        }
    }
  }

  #leaveCpu(at: number): void {
    if (this.#cpu !== null && at > this.#cpu.start) this.onCpu.push({ ...this.#cpu, end: at });
    this.#cpu = null;
  }

  #endWait(at: number): void {
    if (this.#waitingSince !== null) this.waits.push({ start: this.#waitingSince, end: at });
    this.#waitingSince = null;
  }

  #collect(event: ThreadEvent, at: number): void {
    const gc = event.gc!;
    const sinceNs = event.gcSinceNs!;
    let seen = 0;
    if (this.#pause !== null && (gc === 0 || sinceNs !== this.#pause.sinceNs)) {
      this.#endPause(this.#between(at, gc === 0 ? at : at - Number(event.ns - sinceNs)));
      seen = 1;
    }
    // A thread that was in one when it was seen first has not begun it within the trace.
    if (this.#gcCount !== null) {
      this.#unseen += ((event.gcCount! - this.#gcCount) >>> 0) - seen;
      // In a pause, the thread may just have counted that, before it says that it is over.
      if (gc === 0 && this.#unseen > 0) {
        this.shortPauses.push({ at, count: this.#unseen });
        this.#unseen = 0;
      }
    }
    this.#gcCount = event.gcCount!;
    if (gc === 0) return;
    if (this.#pause !== null) {
      this.#pause.kinds |= gc;
      return;
    }
    const told = at - Number(event.ns - sinceNs);
    const earliest = Math.max(this.#lastLook ?? 0, this.pauses.at(-1)?.end ?? 0);
    this.#pause = { start: Math.min(at, Math.max(told, earliest)), sinceNs, kinds: gc };
  }

  /** When it ended: before `latest`, and after the last look that still found it. */
  #between(at: number, latest: number): number {
    // Ticks that find nothing new are no events, so that look may have been a tick.
    const earliest = Math.max(this.#lastLook ?? 0, at - this.#periodNs, this.#pause!.start);
    return Math.max(earliest, Math.min(latest, (earliest + latest) / 2));
  }

  #endPause(at: number): void {
    if (this.#pause === null) return;
    const { start, kinds } = this.#pause;
    this.pauses.push({ start, end: Math.max(start, at), kinds });
    this.#pause = null;
  }

  #hint(hints: ObservedHints, at: number): void {
    const { phase, urgency, batch, sliceUs, deadlineNs, user } = hints;
    const now = `${phase} ${urgency} ${batch} ${sliceUs} ${deadlineNs} ${user}`;
    if (now === this.#hinted) return;
    this.#hinted = now;
    this.hints.push({ at, hints });
  }
}

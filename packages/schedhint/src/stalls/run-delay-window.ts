// Keeps a thread's run delay of the last second, to say what share of it the thread had no CPU.

const WINDOW_MS = 1000;
const STEP_MS = 100;

/** The run delay at moments that are at least 100 ms apart. */
export class RunDelayWindow {
  #marks: { readonly atMs: number; readonly runDelayMs: number }[] = [];

  add(atMs: number, runDelayMs: number): void {
    const last = this.#marks.at(-1);
    if (last !== undefined && atMs - last.atMs < STEP_MS) return;
    this.#marks.push({ atMs, runDelayMs });
    // One that is older than the window stays: there the window begins.
    while (this.#marks.length > 2 && atMs - this.#marks[1]!.atMs >= WINDOW_MS) this.#marks.shift();
  }

  /** Of the last second, 0..1, or -1: not known yet. */
  share(atMs: number, runDelayMs: number): number {
    const start = this.#marks.findLast((mark) => atMs - mark.atMs >= WINDOW_MS) ?? this.#marks[0];
    if (start === undefined) return -1;
    return Math.min(1, (runDelayMs - start.runDelayMs) / Math.max(atMs - start.atMs, WINDOW_MS));
  }
}

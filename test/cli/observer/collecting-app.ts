// Runs an app that allocates and collects in three threads, with optional busy processes that compete for the CPUs.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** How many of its threads are bound. */
export const APP_THREADS = 3;

/** programs/app.cjs, next to processes that want its CPUs. */
export class CollectingApp {
  readonly #children: ChildProcess[];

  private constructor(children: ChildProcess[]) {
    this.#children = children;
  }

  static start(map: string, { hogs = 0 } = {}): CollectingApp {
    const env = { ...process.env, SCHEDHINT_MAP: map, SCHEDHINT_BROKER: '' };
    const preload = ['--require', file('../../../packages/schedhint/dist/register.cjs')];
    const app = spawn(process.execPath, [...preload, file('programs/app.cjs')], {
      env,
      stdio: ['pipe', 'inherit', 'inherit'],
    });
    // The end of their stdin ends them too, if the test cannot.
    const hog = [
      '-e',
      "process.stdin.on('end', () => process.exit()).resume(); spin(); function spin() { const end = Date.now() + 50; while (Date.now() < end); setImmediate(spin); }",
    ];
    const others = Array.from({ length: hogs }, () =>
      spawn(process.execPath, hog, { stdio: ['pipe', 'ignore', 'inherit'] }),
    );
    return new CollectingApp([app, ...others]);
  }

  get pid(): number {
    return this.#children[0]!.pid!;
  }

  async stop(): Promise<void> {
    for (const child of this.#children) {
      const over = child.exitCode !== null || child.signalCode !== null;
      child.kill('SIGKILL');
      if (!over) await once(child, 'exit');
    }
  }
}

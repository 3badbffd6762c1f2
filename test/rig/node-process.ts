// Runs functions of a test in another Node.js process or in its workers: sends their source over IPC and returns their result.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import type * as core from '@schedhint/core';
import type { Addon } from '@schedhint/native';
import type * as schedhint from 'schedhint';

/** What {@link Runs.run} hands to a function. */
export interface Context {
  readonly schedhint: Omit<typeof schedhint, keyof typeof core> & typeof core;
  readonly addon: Addon;
  readonly require: NodeJS.Require;
  /** `import()`, which vitest would rewrite. */
  readonly import: (url: string) => Promise<unknown>;
  readonly addonFile: string;
  readonly Worker: typeof Worker;
  readonly threadId: number;
  /** Of the main thread: its workers, by {@link NodeWorker.name}. */
  readonly workers: Map<number, Worker>;
  /** What one function leaves for the next one in the same thread. */
  // biome-ignore lint/suspicious/noExplicitAny: each test keeps its own things there
  readonly keep: Record<string, any>;
}

/** Runs in another process: it sees its two arguments, and nothing of where it was written. */
export type Remote<A, R> = (context: Context, argument: A) => R | Promise<R>;

type Reply = { id?: number; ready?: true; result?: unknown; error?: Failure };
type Failure = { name: string; message: string; code?: string; stack?: string };

/**
 * A Node.js process that runs what the test sends. Its own process for each test: what it
 * holds starts from nothing, and it can be killed.
 */
export class NodeProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  readonly #exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  #isOver = false;
  #next = 1;
  #output = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    }
    child.on('message', (reply: Reply) => {
      this.#waiting.get(reply.id ?? 0)?.(reply);
      this.#waiting.delete(reply.id ?? 0);
    });
    this.#exited = once(child, 'close').then(([code, signal]) => {
      this.#isOver = true;
      for (const answer of this.#waiting.values()) {
        answer({ error: { name: 'Error', message: this.#ending(code, signal) } });
      }
      return { code, signal };
    });
  }

  static async start(
    options: { execPath?: string; execArgv?: string[]; env?: NodeJS.ProcessEnv } = {},
  ): Promise<NodeProcess> {
    const child = fork(fileURLToPath(new URL('programs/main.cjs', import.meta.url)), [], {
      execArgv: [],
      ...options,
      // No broker of the machine's.
      env: { ...process.env, NODE_OPTIONS: '', SCHEDHINT_BROKER: '', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced', // with bigints
    });
    const started = new NodeProcess(child);
    const { error } = await started.#reply(0, () => {});
    if (error !== undefined) throw new Error(error.message);
    return started;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** What it wrote to stdout and stderr so far. */
  get output(): string {
    return this.#output;
  }

  /** Runs a function in the main thread. */
  run<R>(remote: Remote<undefined, R>): Promise<R>;
  run<A, R>(remote: Remote<A, R>, argument: A): Promise<R>;
  run<A, R>(remote: Remote<A, R>, argument?: A): Promise<R> {
    return this.ask('run', { source: String(remote), argument }) as Promise<R>;
  }

  async startWorker(): Promise<NodeWorker> {
    const name = this.#next++;
    const threadId = (await this.ask('start', { worker: name })) as number;
    return new NodeWorker(this, name, threadId);
  }

  /** Ends it in the way of a program that has nothing left to do. */
  async end(): Promise<void> {
    // The child hangs up: if we did, Node.js would never tell of its end ('close').
    this.#child.send({ command: 'end' });
    const { code, signal } = await this.#exited;
    if (code !== 0) throw new Error(this.#ending(code, signal));
  }

  /** Its end, whatever the reason. */
  get exited(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    return this.#exited;
  }

  /** Ends it for good; for `finally`. */
  async kill(): Promise<void> {
    if (!this.#isOver) this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** Sends a command to programs/main.cjs. */
  async ask(command: string, message: object): Promise<unknown> {
    const id = this.#next++;
    const { result, error } = await this.#reply(id, () =>
      this.#child.send({ id, command, ...message }),
    );
    if (error === undefined) return result;
    const { stack, ...rest } = error;
    throw Object.assign(new Error(error.message), rest, { remoteStack: stack });
  }

  #reply(id: number, send: () => void): Promise<Reply> {
    if (this.#isOver) throw new Error('the process has ended');
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      send();
    });
  }

  #ending(code: number | null, signal: string | null): string {
    return `the process ended with ${code ?? signal}: ${this.#output}`;
  }
}

/** A worker of a {@link NodeProcess}. */
export class NodeWorker {
  readonly #process: NodeProcess;
  /** The key of its Worker in the main thread's {@link Context.workers}. */
  readonly name: number;
  readonly threadId: number;

  constructor(process: NodeProcess, name: number, threadId: number) {
    this.#process = process;
    this.name = name;
    this.threadId = threadId;
  }

  /** Runs a function in the worker. */
  run<R>(remote: Remote<undefined, R>): Promise<R>;
  run<A, R>(remote: Remote<A, R>, argument: A): Promise<R>;
  run<A, R>(remote: Remote<A, R>, argument?: A): Promise<R> {
    const message = { worker: this.name, source: String(remote), argument };
    return this.#process.ask('runInWorker', message) as Promise<R>;
  }

  /** Ends it and waits for that. @returns its exit code */
  stop(how: 'end' | 'terminate' = 'end'): Promise<number> {
    return this.#process.ask('stop', { worker: this.name, how }) as Promise<number>;
  }
}

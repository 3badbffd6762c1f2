// Runs programs/judged.mjs, which makes stalls, and finds its main thread however deep in namespaces it is.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Stall } from 'schedhint';
import { environment, root } from '../made-stall.js';
import type { Span } from './judged-parts.js';

const PROGRAM = fileURLToPath(new URL('../programs/judged.mjs', import.meta.url));

/** What the program says of one stall. */
interface MadeAndReported {
  readonly made: Span & { readonly ms: number };
  /** Major page faults of the process. */
  readonly faults: number;
  /** Of the collector, since the stall before. */
  readonly pauses: readonly (Span & { readonly isMajor: boolean })[];
  readonly reported: readonly (Stall & Span)[];
}

/** Where it runs. */
interface JudgedProcessOptions {
  /** Words before the command. */
  readonly through?: readonly string[] | undefined;
  readonly node?: string | undefined;
  readonly nodeOptions?: readonly string[] | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly thresholdMs: number;
}

/** The program, running. */
export class JudgedProcess {
  readonly #child: ChildProcess;
  #stdout = '';
  #stderr = '';
  /** Of its main thread, here. */
  readonly tid: number;
  /** Until now. */
  readonly majorPauses: Span[] = [];

  private constructor(child: ChildProcess, tid: number) {
    this.#child = child;
    this.tid = tid;
  }

  static async start(options: JudgedProcessOptions): Promise<JudgedProcess> {
    const { through = [], node = process.execPath, nodeOptions = [], thresholdMs } = options;
    const words = [...through, node, ...nodeOptions, '--require', 'schedhint/register', PROGRAM];
    const child = spawn(words[0]!, words.slice(1), {
      cwd: root,
      env: environment({ SCHEDHINT_STALLS: `${thresholdMs},none`, ...options.env }),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]!.setEncoding('utf8').on('data', (text: string) => (output[name] += text));
    }
    const isReady = await nextMessage(child);
    if (isReady === null) throw new Error(`${words.join(' ')} has ended: ${output.stderr}`);
    const started = new JudgedProcess(child, youngestOf(child.pid!));
    child.stdout!.on('data', (text: string) => (started.#stdout += text));
    child.stderr!.on('data', (text: string) => (started.#stderr += text));
    return started;
  }

  async makeStall(kind: string, ms: number): Promise<MadeAndReported> {
    this.#child.send({ kind, ms });
    const answer = await nextMessage(this.#child);
    if (answer === null)
      throw new Error(`the process that makes ${kind} has ended: ${this.#stderr}`);
    const stall = answer as MadeAndReported;
    this.majorPauses.push(...stall.pauses.filter(({ isMajor }) => isMajor));
    return stall;
  }

  /** Lets it end. @returns what it wrote to stdout since it was ready */
  async end(): Promise<string> {
    const closed = once(this.#child, 'close');
    // The child hangs up: if we did, Node.js would never tell of its end ('close').
    this.#child.send({ end: true });
    await closed;
    return this.#stdout;
  }
}

/** null: it ended. */
function nextMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve) => {
    const onMessage = (message: unknown) => settle(message);
    const onClose = () => settle(null);
    function settle(message: unknown) {
      child.off('message', onMessage).off('close', onClose);
      resolve(message);
    }
    child.on('message', onMessage).on('close', onClose);
  });
}

/** The last of a chain of processes that each have one child: what the words before a command have started. */
function youngestOf(pid: number): number {
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
  return child === undefined || child === '' ? pid : youngestOf(Number(child));
}

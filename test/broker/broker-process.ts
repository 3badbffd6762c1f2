// Builds the broker with sanitizers, runs it as a child process, and parses its
// log. SIGUSR1 makes it log how much all clients hold.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { until } from '../rig/until.js';

const home = fileURLToPath(new URL('../../broker', import.meta.url));
const SANITIZED = 'build/sanitized';
const SANITIZER_EXIT = 99;
export const program = join(home, SANITIZED, 'schedhint-broker');
/** As it is shipped, for what is measured: sanitizers take memory too. */
export const unsanitized = join(home, 'build/schedhint-broker');

/** Long enough for a hook that builds, on any machine. */
export const BUILD_MS = 600_000;

/** The broker under sanitizers, and the client. One file of tests builds them, the others wait for it. */
export function buildBroker(): void {
  mkdirSync(join(home, 'build'), { recursive: true });
  const make = (...args: string[]) =>
    execFileSync('flock', [join(home, 'build/lock'), 'make', '-s', '-j2', ...args], {
      stdio: 'pipe',
    });
  make('-C', home);
  make('-C', home, 'SANITIZE=address,undefined', `BUILD=${SANITIZED}`, 'CXXFLAGS=-O1 -g');
  make('-C', fileURLToPath(new URL('.', import.meta.url)));
}

export type LogLine = Readonly<Record<string, string>>;

/** What all clients hold; users and cgroups are those that hold something. */
export type Held = Record<
  'connections' | 'memories' | 'threads' | 'pages' | 'users' | 'cgroups',
  number
>;
export const NOTHING: Held = {
  connections: 0,
  memories: 0,
  threads: 0,
  pages: 0,
  users: 0,
  cgroups: 0,
};

export interface BrokerOptions {
  /** Of pins. */
  readonly maps: readonly string[];
  readonly args?: readonly string[];
  readonly program?: string;
  /** Where others may connect; its own directory otherwise. */
  readonly socket?: string;
  /** A command to run it with. */
  readonly under?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** schedhint-broker, built with sanitizers. */
export class BrokerProcess {
  readonly socket: string;
  readonly log: LogLine[] = [];
  readonly #child: ChildProcess;
  readonly #scratch: string;
  readonly #closed: Promise<unknown>;
  #text = '';

  private constructor(options: BrokerOptions) {
    const { maps, args = [], socket, under = [], env = {} } = options;
    this.#scratch = mkdtempSync(join(tmpdir(), 'schedhint-broker-'));
    execFileSync('chmod', ['755', this.#scratch]);
    this.socket = socket ?? join(this.#scratch, 'broker.sock');
    const command = [
      ...under,
      options.program ?? program,
      ...maps.flatMap((map) => ['--map', map]),
      ...['--socket', this.socket],
      ...args,
    ];
    this.#child = spawn(command[0]!, command.slice(1), {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        ...env,
        ASAN_OPTIONS: `exitcode=${SANITIZER_EXIT}`,
        UBSAN_OPTIONS: `halt_on_error=1:print_stacktrace=1:exitcode=${SANITIZER_EXIT}`,
      },
    });
    const lines = createInterface({ input: this.#child.stderr! });
    lines.on('line', (line) => {
      this.#text += `${line}\n`;
      if (line.startsWith('level=')) this.log.push(parseLine(line));
    });
    this.#closed = once(this.#child, 'close');
  }

  static async start(options: BrokerOptions): Promise<BrokerProcess> {
    const broker = BrokerProcess.run(options);
    await broker.logged({ event: 'ready' });
    return broker;
  }

  /** Without waiting for it to be ready. */
  static run(options: BrokerOptions): BrokerProcess {
    return new BrokerProcess(options);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get text(): string {
    return this.#text;
  }

  descriptors(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  /** Waits for a line with these values. */
  async logged(values: LogLine, from = 0): Promise<LogLine> {
    const matches = (line: LogLine) =>
      Object.entries(values).every(([key, value]) => line[key] === value);
    await until(
      `the broker logs ${JSON.stringify(values)}`,
      () => {
        if (this.#hasEnded() && !this.log.slice(from).some(matches)) {
          throw new Error(`the broker has ended: ${this.#text}`);
        }
        return this.log.slice(from).some(matches);
      },
      () => this.#text.slice(0, 1000),
    );
    return this.log.slice(from).find(matches)!;
  }

  #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async held(): Promise<Held> {
    const before = this.log.length;
    process.kill(this.pid, 'SIGUSR1');
    const line = await this.logged({ event: 'held' }, before);
    return Object.fromEntries(
      Object.keys(NOTHING).map((key) => [key, Number(line[key])]),
    ) as unknown as Held;
  }

  async untilHeld(wanted: Partial<Held>): Promise<void> {
    let held: Held | undefined;
    await until(
      `${JSON.stringify(wanted)} is held`,
      async () => {
        held = await this.held();
        return Object.entries(wanted).every(([key, value]) => held![key as keyof Held] === value);
      },
      () => held,
    );
  }

  /** How it ended. */
  async exit(): Promise<number | string | null> {
    await this.#closed;
    rmSync(this.#scratch, { recursive: true, force: true });
    return this.#child.exitCode ?? this.#child.signalCode;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.#child.kill(signal);
    const how = await this.exit();
    const wanted = signal === 'SIGKILL' ? 'SIGKILL' : 0;
    if (how !== wanted) throw new Error(`the broker ended with ${how}: ${this.#text}`);
  }
}

/** `key=value key="quoted value"` */
function parseLine(line: string): LogLine {
  const pairs = line.matchAll(/([a-z-]+)=("(?:[^"\\]|\\.)*"|\S*)/g);
  return Object.fromEntries([...pairs].map(([, key, value]) => [key!, value!.replaceAll('"', '')]));
}

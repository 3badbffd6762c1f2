// Drives client.c, a broker client in C, as a child process: opens memfds, pidfds
// and connections in it, and sends any bytes, well-formed or not.

import { fileURLToPath } from 'node:url';
import { LineProcess } from '../rig/json-lines-process.js';
import {
  ANSWER_BYTES,
  type Answer,
  bindRequest,
  memoryRequest,
  openRequest,
  type Pointer,
  readAnswer,
  type Slot,
  unbindRequest,
} from './messages.js';

export const clientProgram = fileURLToPath(new URL('build/client', import.meta.url));

export const Seal = { seal: 1, shrink: 2, grow: 4, write: 8, futureWrite: 16 } as const;
export const MFD_ALLOW_SEALING = 2;
export const MFD_HUGETLB = 4;
const PIDFD_THREAD = 0o200;

/** A process that does what a client of the broker may do, and what it may not. */
export class Client {
  readonly #process = new LineProcess(clientProgram, []);

  get pid(): number {
    return this.#process.pid;
  }

  static async start(uid?: number): Promise<Client> {
    const client = new Client();
    if (uid !== undefined) await client.command(`uid ${uid}`);
    return client;
  }

  /** client.c lists the commands. */
  async command(line: string): Promise<Record<string, unknown>> {
    const answer = await this.attempt(line);
    if ('error' in answer) throw new Error(`${line.slice(0, 80)}: ${JSON.stringify(answer)}`);
    return answer;
  }

  attempt(line: string): Promise<Record<string, unknown>> {
    this.#process.send(line);
    return this.#process.next();
  }

  async descriptor(line: string): Promise<number> {
    return (await this.command(line)).fd as number;
  }

  /** One that has no pages yet. */
  sparse(bytes: number, flags = MFD_ALLOW_SEALING): Promise<number> {
    return this.descriptor(`memfd ${bytes} ${flags}`);
  }

  /** With its pages, mapped writable, and then sealed. */
  async memfd(bytes: number, seals = 0, flags = MFD_ALLOW_SEALING): Promise<number> {
    const fd = await this.sparse(bytes, flags);
    await this.command(`allocate ${fd} ${bytes}`);
    // What is mapped writable can't be sealed against writing.
    if ((seals & Seal.write) === 0) await this.command(`map ${fd} ${bytes}`);
    if (seals !== 0) await this.command(`seal ${fd} ${seals}`);
    return fd;
  }

  pidfd(tid: number, flags = PIDFD_THREAD): Promise<number> {
    return this.descriptor(`pidfd ${tid} ${flags}`);
  }

  async thread(): Promise<number> {
    return (await this.command('thread')).tid as number;
  }

  async bytes(line: string): Promise<Buffer> {
    return Buffer.from((await this.command(line)).bytes as string, 'hex');
  }

  async connect(socket: string): Promise<Connection> {
    return new Connection(this, await this.descriptor(`connect ${socket}`));
  }

  async end(): Promise<void> {
    await this.#process.end();
  }

  async kill(): Promise<void> {
    await this.#process.kill();
  }
}

export class Connection {
  readonly #client: Client;
  readonly #fd: number;

  constructor(client: Client, fd: number) {
    this.#client = client;
    this.#fd = fd;
  }

  async send(bytes: Buffer, ...descriptors: number[]): Promise<void> {
    await this.#client.command(this.#sending(bytes, descriptors));
  }

  /** Whether it could be sent. */
  async trySend(bytes: Buffer, ...descriptors: number[]): Promise<boolean> {
    return 'sent' in (await this.#client.attempt(this.#sending(bytes, descriptors)));
  }

  #sending(bytes: Buffer, descriptors: readonly number[]): string {
    return `send ${this.#fd} ${bytes.toString('hex')} ${descriptors.join(' ')}`;
  }

  /** Null: the broker has ended the connection. */
  async answer(version?: number): Promise<Answer | null> {
    return readAnswer(await this.#client.bytes(`receive ${this.#fd} ${ANSWER_BYTES}`), version);
  }

  async ask(bytes: Buffer, ...descriptors: number[]): Promise<Answer> {
    await this.send(bytes, ...descriptors);
    const answer = await this.answer();
    if (answer === null) throw new Error('the connection has ended');
    return answer;
  }

  open(path: string, valueSize: number, slots: readonly Slot[]): Promise<Answer> {
    return this.ask(openRequest(path, valueSize, slots));
  }

  memory(number: number, descriptor: number): Promise<Answer> {
    return this.ask(memoryRequest(number), descriptor);
  }

  bind(pidfd: number, pointers: readonly Pointer[]): Promise<Answer> {
    return this.ask(bindRequest(pointers), pidfd);
  }

  unbind(pidfd: number): Promise<Answer> {
    return this.ask(unbindRequest(), pidfd);
  }

  async close(): Promise<void> {
    await this.#client.command(`close ${this.#fd}`);
  }
}

// The clients of one service, one on each CPU: they stand for other machines, so they have a real-time priority.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { track } from '../../guest/programs.mjs';

/** A copy in memory: no file of the host is read while it runs. */
const PROGRAM = '/tmp/client';
copyFileSync(fileURLToPath(new URL('build/client', import.meta.url)), PROGRAM);

export class Clients {
  #children;

  constructor(children) {
    this.#children = children;
  }

  /**
   * Starts them before they are needed: until they have their priority they wait for CPUs as other programs do. They have connected when this ends.
   *
   * @param {number} port of the service
   * @param {number} answerMs after the last request, until one counts as unanswered
   */
  static async start(port, answerMs) {
    const children = Array.from({ length: availableParallelism() }, (_, cpu) =>
      track(
        spawn('taskset', ['-c', cpu, 'chrt', '-f', 10, PROGRAM, port, answerMs * 1e6].map(String), {
          stdio: ['pipe', 'pipe', 'inherit'],
        }),
      ),
    );
    for (const { stdout } of children) stdout.setEncoding('utf8');
    await Promise.all(children.map(({ stdout }) => once(stdout, 'data'))); // "ready"
    return new Clients(children);
  }

  /**
   * Sends requests, from each CPU in turn, and ends: a request interrupts the CPU that it comes from, and QEMU gives a CPU that is interrupted less
   * of the machine's instructions. All from one CPU, it mattered by half on which one a service ran.
   *
   * @param {number} startMs of CLOCK_MONOTONIC
   * @param {number[]} due ms after the start, in order
   * @returns {Promise<(number | null)[][]>} of each: ms too late seen, ms too late sent, ms to the answer or null
   */
  async send(startMs, due) {
    const cpus = this.#children.length;
    const sent = await Promise.all(
      this.#children.map((child, cpu) =>
        sendFrom(
          child,
          startMs,
          due.filter((_, i) => i % cpus === cpu),
        ),
      ),
    );
    return due.map((_, i) => sent[i % cpus][Math.floor(i / cpus)]);
  }
}

function sendFrom(child, startMs, due) {
  let output = '';
  child.stdout.on('data', (text) => {
    output += text;
  });
  const inNs = (ms) => `${Math.round(ms * 1e6)}\n`;
  child.stdin.end([startMs, ...due].map(inNs).join(''));
  const inMs = (ns) => (ns < 0 ? null : ns / 1e6);
  return new Promise((resolve, reject) => {
    child.once('close', (code) => {
      if (code !== 0) return reject(new Error(`a client ended with ${code}`));
      const lines = output.trim().split('\n');
      return resolve(lines.map((line) => line.split(' ').map((ns) => inMs(Number(ns)))));
    });
  });
}

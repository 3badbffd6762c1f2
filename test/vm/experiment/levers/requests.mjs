// Sends requests to a server of this machine by the experiment's client: at a real-time priority if this user may, as it stands for other machines.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { track } from '../../guest/programs.mjs';

const CLIENT = fileURLToPath(new URL('../guest/build/client', import.meta.url));
const MOST_NS = 10e9;

/**
 * @param {number} port
 * @param {number[]} due ms after the start
 * @returns {Promise<number[]>} ms from when each was due to its answer; infinite: none came
 */
export async function sendRequests(port, due) {
  const mayBeFirst = spawnSync('chrt', ['-f', '10', 'true']).status === 0;
  const start = process.hrtime.bigint() + 50_000_000n;
  const command = [...(mayBeFirst ? ['chrt', '-f', '10'] : []), CLIENT, port, start, MOST_NS];
  const [program, ...args] = command.map(String);
  const child = track(spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] }));
  child.stdin.end(due.map((ms) => `${Math.round(ms * 1e6)}\n`).join(''));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`the client ended with ${code}`);
  const answered = output
    .trim()
    .split('\n')
    .map((line) => Number(line.split(' ')[1]));
  return answered.map((ns) => (ns < 0 ? Number.POSITIVE_INFINITY : ns / 1e6));
}

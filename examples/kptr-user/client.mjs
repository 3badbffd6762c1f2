// The client of the example: a thread and a BPF program that share a custom struct. The thread
// sets a and b, and the program, at the thread's next system call, result = a + b.
//
//   sudo node examples/kptr-user/client.mjs [--map PATH]

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { attachThread } from '@schedhint/core';
import { uptr } from 'schedhint/channels';
import { i32, struct } from 'schedhint/layout';

const LOADER = fileURLToPath(new URL('build/loader', import.meta.url));

const userData = struct('user_data', { a: i32, b: i32, result: i32 });

/** @param {string} map */
function ask(map) {
  const thread = attachThread({ channel: uptr({ map, value: { udata: userData } }) });
  if (thread.status.state !== 'bound') throw new Error(thread.status.reason);
  const { udata } = thread.blocks;
  udata.a = 1;
  udata.b = 2;
  existsSync('/'); // any system call
  return udata.result;
}

/**
 * Loads the BPF program, unless somebody has already: its map is pinned then.
 *
 * @param {string} map
 * @returns {Promise<() => Promise<void>>} ends what it has started
 */
async function load(map) {
  if (existsSync(map)) return async () => {};
  // It ends with its stdin, and so with us.
  const loader = spawn(LOADER, ['--pin', map], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(loader, 'close');
  const ready = once(createInterface({ input: loader.stdout }), 'line');
  // Without it the map is missing, and the thread's status says what that means on this machine.
  await Promise.race([ready, ended]).catch(({ message }) => console.error(`loader: ${message}`));
  return async () => {
    loader.stdin?.end();
    await ended.catch(() => {});
  };
}

function readMap() {
  const options = { map: { type: 'string', default: '/sys/fs/bpf/datamap' } };
  try {
    return parseArgs({ options }).values.map;
  } catch (error) {
    console.error(`${error.message}\nUsage: client.mjs [--map PATH]   (${options.map.default})`);
    process.exit(2);
  }
}

const map = readMap();
const stop = await load(map);
try {
  console.log(`result = ${ask(map)}`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await stop();
}

// The broker: it binds an app that may come neither to the pin nor to bpf(2).

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { endPrograms, track } from '../../../vm/guest/programs.mjs';
import { until } from '../../../vm/guest/until.mjs';
import { note } from './notes.mjs';
import { startReader, stopReader } from './reader.mjs';
import { PIN, startApp } from './user.mjs';

const PROGRAM = fileURLToPath(
  new URL('../../../../broker/build/schedhint-broker', import.meta.url),
);

after(async () => {
  await stopReader();
  await endPrograms();
});

async function startBroker() {
  mkdirSync('/run/schedhint', { recursive: true });
  const broker = track(spawn(PROGRAM, ['--map', PIN], { stdio: ['ignore', 'inherit', 'pipe'] }));
  let log = '';
  broker.stderr.setEncoding('utf8').on('data', (text) => {
    log += text;
  });
  await until('the broker is ready', () => {
    if (broker.exitCode !== null) throw new Error(log);
    return log.includes('event=ready');
  });
  return broker;
}

test('an app that is refused the pin is bound by the broker, and is fed back', async () => {
  const observer = await startReader(); // its pin is for root alone
  const broker = await startBroker();
  const app = startApp();
  let state;
  await until(
    'it is bound by the broker, and read',
    async () => {
      state = await app.ask('state');
      return state.state === 'bound' && state.by === 'broker' && state.readBy !== null;
    },
    () => state,
  );
  await app.ask('collect', 5);
  let seen;
  await until('the kernel sees its collections', async () => {
    await app.ask('state');
    const { threads } = await observer.snapshot();
    seen = threads.find(({ tid }) => tid === app.process.pid);
    return seen?.gcCount >= 5;
  });
  assert.ok(BigInt((await app.ask('state')).seenNs) > 0n);
  note(`bound by the broker: ${seen.gcCount} collections, and feedback`);
  await app.end();
  const ended = once(broker, 'exit');
  broker.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
});

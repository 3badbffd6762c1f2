// Listeners of a status that throw, among others that do not. Arguments: a directory for the map's
// pin, and `unhandled` to have no uncaughtException listener.

import assert from 'node:assert/strict';
import { subscribe } from 'node:diagnostics_channel';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { attachThread } from '@schedhint/core';
import { layered, uptr } from 'schedhint/channels';

const [, , directory, mode] = process.argv;
const map = `${directory}/map`;
const require = createRequire(import.meta.url);
// As another installed copy would be: nothing of the first one is in the cache.
for (const file of Object.keys(require.cache)) {
  if (/[/\\](core|native|gc-hooks|schedhint)[/\\]dist[/\\]/.test(file)) delete require.cache[file];
}
const otherCopy = require('schedhint');
assert.notEqual(otherCopy.attachThread, attachThread);

const thread = attachThread({ map });
const scoped = attachThread({ map, scoped: true });
const joint = attachThread({
  channels: [uptr({ map }), layered({ map: `${directory}/nothing` })],
});
const inOtherCopy = otherCopy.attachThread({ map });

const GIVE_UP_MS = 60_000; // a bound for what never comes true, not a limit on speed
const heard = new Set();
const all = ['same handle', 'once', 'scoped handle', 'joint handle', 'other copy', 'channel'];
const everybodyHeard = new Promise((resolve) => {
  const hears = (who) => () => {
    heard.add(who);
    if (heard.size === all.length) resolve();
  };
  // Each of them behind one that throws.
  thread.onStatus(function brokenListener() {
    throw new Error('of the handle');
  });
  thread.onStatus(hears('same handle'));
  const once = thread.onStatus(() => {
    once.stop();
    hears('once')();
  });
  scoped.onStatus(hears('scoped handle'));
  if (mode !== 'unhandled') {
    joint.onStatus(function brokenListener() {
      throw new Error('of the joint handle');
    });
    subscribe('schedhint:status', function brokenListener() {
      throw new Error('of the channel');
    });
  }
  joint.onStatus(hears('joint handle'));
  subscribe('schedhint:status', hears('channel'));
  inOtherCopy.onStatus(hears('other copy'));
});

const warnings = [];
process.on('warning', ({ code, message }) => warnings.push(code ?? message));
const uncaught = [];
const allThrown = new Promise((resolve) => {
  if (mode === 'unhandled') return;
  process.on('uncaughtException', (error, origin) => {
    if (origin !== 'uncaughtException') throw error; // an assertion of this program's
    assert.match(error.stack, /at .*brokenListener .*listeners\.mjs/);
    uncaught.push(error.message);
    if (uncaught.length >= 4) resolve();
  });
});

const keepsAlive = setTimeout(() => {
  console.error('gave up:', { heard, uncaught, warnings });
  process.exit(2);
}, GIVE_UP_MS);
assert.equal(thread.status.code, 'ERR_SCHEDHINT_MAP_NOT_FOUND');
// A file that is no pin changes the status without a kernel that takes part.
writeFileSync(map, '');
await Promise.all([everybodyHeard, allThrown]);
assert.notEqual(thread.status.code, 'ERR_SCHEDHINT_MAP_NOT_FOUND');
clearTimeout(keepsAlive);

// The channel's subscribers hear of the blocks of each copy.
assert.deepEqual(uncaught.sort(), [
  'of the channel',
  'of the channel',
  'of the handle',
  'of the joint handle',
]);
assert.deepEqual(warnings, []);

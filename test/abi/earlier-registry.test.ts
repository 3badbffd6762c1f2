// Two copies of the addon in one process, of which the first is of an earlier version: its table of functions is shorter, and
// nothing behind its end may be called.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const native = at('../../packages/native');
let scratch: string;
let earlier: string;

/** Prints what it found as JSON. */
const APP = `
  process.dlopen({ exports: {} }, process.argv[1]);
  const { attachThread } = require('schedhint');
  const { tld } = require('schedhint/channels');
  const { loadAddon } = require('@schedhint/native');
  const { addon } = loadAddon();
  const thread = attachThread({ map: '/nonexistent/map' });
  thread.hints.set({ urgency: 900, batch: true });
  addon.workerOnline(7);
  addon.workerEnded(7);
  addon.setHint(1, 5);
  const places = new Uint32Array(1);
  console.log(JSON.stringify({
    status: thread.status.code,
    urgency: thread.hints.urgency,
    counts: Object.values(addon.counts()),
    unreached: addon.unreachedWorkers(),
    offset: String(addon.timeNamespaceOffsetNs),
    keys: addon.tldKeys('key', Uint32Array.of(8), 64, places),
    room: addon.tldRoom(),
    tld: attachThread({ channel: tld({ map: '/nonexistent/tld' }) }).status.code,
  }));
`;

describe.runIf(process.platform === 'linux')('a registry of an earlier version', () => {
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'schedhint-earlier-'));
    earlier = join(scratch, 'earlier.node');
    const require = createRequire(import.meta.url);
    const headers = join(dirname(require.resolve('node-api-headers/package.json')), 'include');
    const include = [`-I${native}/src`, `-I${native}/../../abi/include`, `-I${headers}`];
    const options = ['-std=c++17', '-shared', '-fPIC', '-Wall', '-Wextra', '-Werror'];
    execFileSync('c++', [...options, ...include, at('earlier_registry.cc'), '-o', earlier]);
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  test('what it lacks does nothing, and the app goes on', () => {
    const said = execFileSync(process.execPath, ['-e', APP, earlier], {
      cwd: at('../..'),
      encoding: 'utf8',
    });
    expect(JSON.parse(said)).toEqual({
      // The earlier registry has answered: the real one would not say that there is no memory.
      status: 'ERR_SCHEDHINT_NO_MEMORY',
      urgency: 900,
      counts: [0, 0, 0, 0, 0, 0, 0, 0],
      unreached: 0,
      offset: '0',
      keys: -12,
      room: -1,
      tld: 'ERR_SCHEDHINT_NO_MEMORY',
    });
  });
});

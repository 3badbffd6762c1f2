import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BrokerProcess, unsanitized } from '../broker/broker-process.js';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { describeOnKernel } from '../rig/kernel-support.js';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const abi = (path: string) => at(`../../abi/${path}`);
const CONFORMANCE = abi('conformance/build/conformance');
const C_CLIENT = abi('conformance/build/client');
const BROKEN = abi('conformance/build/broken');

/** A client that breaks a rule, and the others that it cannot but break with it. */
const BROKEN_WITH: Readonly<Record<string, readonly string[]>> = { attach: ['gc-since'] };
const RULES = [
  ...['aligned', 'abi', 'abi-last', 'reserved', 'urgency', 'hints', 'ranges', 'group', 'gc-kind'],
  ...['gc-since', 'gc-count', 'attach', 'process', 'cleared', 'leader', 'counted', 'bound'],
  ...['stored', 'left'],
];

async function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(command, args, {
    env: { ...process.env, SCHEDHINT_BROKER: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => (text += part));
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, text };
}

const rulesIn = (text: string, verdict: string) =>
  [...text.matchAll(new RegExp(`^${verdict} +(\\S+):`, 'gm'))].map(([, rule]) => rule!);

describeOnKernel('conformance, as the kernel sees it', () => {
  let bpffs: Bpffs;

  beforeAll(() => {
    bpffs = mountBpffs();
  });
  afterAll(() => bpffs?.unmount());

  /** Leads a client. @returns the rules that it breaks, all that it said, and how it ended */
  async function lead(name: string, command: readonly string[], env?: NodeJS.ProcessEnv) {
    const patience = env?.SCHEDHINT_BREAK === undefined ? '30' : '3';
    const args = ['--pin', `${bpffs.path}/${name}`, '--patience', patience, ...command];
    const { code, text } = await run(CONFORMANCE, args, env);
    const broken = rulesIn(text, 'FAIL');
    expect([...rulesIn(text, 'ok'), ...broken].sort(), text).toEqual([...RULES].sort());
    return { broken, code, text };
  }

  test.each([
    ['C', [C_CLIENT]],
    ['Node', [process.execPath, at('programs/client.mjs')]],
    ['Python', ['python3', at('programs/client.py')]],
  ])('the client in %s keeps to every rule', async (name, command) => {
    const { broken, code, text } = await lead(name, command);
    expect(broken, text).toEqual([]);
    expect(text).not.toContain('has no collector');
    expect(code).toBe(0);
  });

  test('the client in C does so through a broker, which ends with each map', async () => {
    const map = `${bpffs.path}/brokered`;
    const broker = await BrokerProcess.start({ maps: [map], program: unsanitized });
    try {
      const env = { SCHEDHINT_BROKER: broker.socket };
      const { broken, text } = await lead('brokered', [C_CLIENT], env);
      expect(broken, text).toEqual([]);
      await broker.untilHeld({ threads: 0, connections: 0 });
    } finally {
      await broker.stop();
    }
  });

  test('there are no other rules', async () => {
    const { text } = await run(CONFORMANCE, ['--rules']);
    expect(text.trim().split('\n')).toEqual(RULES);
  });

  test.concurrent.each(RULES)('a client that breaks %s is found out', async (rule) => {
    const { broken, code } = await lead(`broken-${rule}`, [BROKEN], { SCHEDHINT_BREAK: rule });
    expect(broken.sort()).toEqual([rule, ...(BROKEN_WITH[rule] ?? [])].sort());
    expect(code).toBe(1);
  });

  test('the selftest: a reader and the client, both ways', async () => {
    const args = [abi('selftest/build/selftest.bpf.o'), `${bpffs.path}/selftest`];
    const { code, text } = await run(abi('selftest/build/selftest'), args);
    expect(text).not.toMatch(/^not ok/m);
    expect(text).toMatch(/^1\.\.2\d$/m);
    expect(code).toBe(0);
  });
});

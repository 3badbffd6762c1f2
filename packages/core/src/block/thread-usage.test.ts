import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../..', import.meta.url));

/** Prints the feedback before and after 50 ms of work, what the runtime says, and how many descriptors were opened. */
const PROGRAM = `
  const { readdirSync } = require('node:fs');
  const { attachThread } = require('schedhint');
  const count = () => readdirSync('/proc/self/fd').length;
  const { feedback } = attachThread({ map: '/nonexistent/schedhint' });
  const first = count();
  const before = feedback.read();
  const usage = process.cpuUsage();
  for (const until = Date.now() + 50; Date.now() < until; );
  const after = feedback.read();
  const { user, system } = process.cpuUsage(usage);
  for (let i = 0; i < 100; i++) feedback.read();
  const { source } = feedback;
  const ms = [before, after].map(({ onCpuMs, runDelayMs }) => onCpuMs + runDelayMs);
  console.log(JSON.stringify({ source, cpuMs: (user + system) / 1000, onCpuMs: after.onCpuMs - before.onCpuMs,
    onCpuOrWaitingMs: ms[1] - ms[0], kept: count() - first, gc: after.gcPreempted }));
`;

describe.runIf(process.platform === 'linux').each([
  ['by the addon', {}, 1],
  ['without the addon', { SCHEDHINT_ADDON: '/nonexistent/schedhint.node' }, 2],
])('feedback without a reader, %s', (_, env, kept) => {
  test("is the kernel's, by descriptors that are opened once", () => {
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', PROGRAM], {
      cwd: root,
      env: { ...process.env, NODE_OPTIONS: '', SCHEDHINT_QUIET: '1', ...env },
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    const seen = JSON.parse(stdout);
    expect(seen).toMatchObject({ source: 'schedstat', kept, gc: null });
    // The process has more threads. Without the addon the time on a CPU is a tick behind, 10 ms at most.
    expect(seen.onCpuMs).toBeLessThan(seen.cpuMs + 11);
    expect(seen.onCpuMs).toBeGreaterThan(0);
    expect(seen.onCpuOrWaitingMs).toBeGreaterThan(50 - 11);
  });
});

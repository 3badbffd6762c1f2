// A stranger's path: what the README says, in its order, until the app's collections are visible.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { describeOnKernel } from '../kernel/ability.js';
import { mountBpffs } from '../kernel/bpffs.js';
import { blocksOf, root } from './pages.js';

/** The commands under "Try it" that lead to one's own app; the demo has a suite of its own. */
const commands = blocksOf('README.md')
  .filter(({ language, code }) => language === 'sh' && !/npm (?:i|run demo)/.test(code))
  .flatMap(({ code }) => code.split('\n'))
  .filter((line) => line !== '');

const APP = `
let kept = [];
setInterval(() => {
  kept = Array.from({ length: 50_000 }, (_, i) => ({ i }));
}, 10);
`;

describeOnKernel('the README alone', () => {
  test('leads to an app whose collections are visible, in six commands at most', async () => {
    expect(commands.length).toBeLessThanOrEqual(6);
    const [setup, reader, app] = commands as [string, string, string];
    expect(setup).toBe('npm run setup'); // has run: nothing of this would be here without
    const bpffs = mountBpffs();
    const scratch = mkdtempSync(join(tmpdir(), 'schedhint-readme-'));
    writeFileSync(join(scratch, 'app.js'), APP);
    const map = join(bpffs.path, 'hints'); // not the machine's own
    const run = (command: string) =>
      spawn('bash', ['-c', `exec ${command}`], {
        cwd: root,
        env: { ...process.env, SCHEDHINT_MAP: map, SCHEDHINT_BROKER: '' },
        stdio: ['pipe', 'pipe', 'inherit'],
      });
    const observer = run(`${reader.replace(/^sudo /, '')} --pin ${map}`);
    const node = run(`env ${app.replace('app.js', join(scratch, 'app.js'))}`);
    try {
      let seen = 0;
      for await (const line of createInterface({ input: observer.stdout! })) {
        const { threads = [] } = JSON.parse(line) as {
          threads?: { tid: number; gcCount: number }[];
        };
        seen = threads.find(({ tid }) => tid === node.pid)?.gcCount ?? 0;
        if (seen > 0) break;
      }
      expect(seen).toBeGreaterThan(0);
    } finally {
      node.kill('SIGKILL');
      observer.stdin!.end();
      await Promise.all([once(node, 'close'), once(observer, 'close')]);
      bpffs.unmount();
      rmSync(scratch, { recursive: true });
    }
  });
});

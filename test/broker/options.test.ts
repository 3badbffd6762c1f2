import { spawnSync } from 'node:child_process';
import { beforeAll, expect, test } from 'vitest';
import { describeOnKernel } from '../rig/kernel-support.js';
import { BUILD_MS, buildBroker, program } from './broker-process.js';

describeOnKernel('the command line of the broker', () => {
  beforeAll(buildBroker, BUILD_MS);

  const wrong: [string, string[]][] = [
    ['no map', []],
    ['a map without a root', ['--map', 'map']],
    ['a map with too long a name', ['--map', `/${'x'.repeat(255)}`]],
    ['an invalid mode', ['--map', '/m', '--mode', '0999']],
    ['an invalid limit', ['--map', '/m', '--max-pages-per-uid', '-1']],
    ['no such limit', ['--map', '/m', '--max-pages-per-moon', '1']],
    ['an argument', ['--map', '/m', 'more']],
  ];
  test.each(wrong)('%s: says so, and exits with 2', (_, args) => {
    const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).not.toBe('');
  });

  test('--help lists every option and default, --version the protocol', () => {
    const help = spawnSync(program, ['--help'], { encoding: 'utf8' });
    expect(help.status).toBe(0);
    for (const word of [
      '--map',
      '--socket',
      '--mode',
      '--group',
      '--cgroup-depth',
      'pages',
      '2048',
    ]) {
      expect(help.stdout).toContain(word);
    }
    const version = spawnSync(program, ['--version'], { encoding: 'utf8' });
    expect(version).toMatchObject({ status: 0, stdout: 'schedhint-broker, protocol 2\n' });
  });
});

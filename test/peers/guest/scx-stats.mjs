// In the VM: scx_schedhint runs, and scx's clients read its statistics. Writes what they said of it.

import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { hogs } from '../../vm/guest/programs.mjs';
import { Scheduler } from '../../vm/guest/scheduler.mjs';
import { until } from '../../vm/guest/until.mjs';

const STATS = '/var/run/scx/root/stats';
const [pythonPath] = process.argv.slice(2);
const faults = [];

function check(what, holds, shown) {
  if (!holds) faults.push(`${what}: ${shown}`);
}

const scheduler = await Scheduler.start();
const busy = hogs(2);
const counts = await scheduler.counted(({ switches }) => switches > 100);
const { type, final, restarts, ...statistics } = counts;
const names = Object.keys(statistics);

// Its own struct of statistics is another one, so two of its six answers are errors: in reading ours as that one.
const client = spawnSync('/run/out/scx-stats-client', [STATS], { encoding: 'utf8' });
const [, meta, , other, , value] = client.stdout.split(/^===== .*:$/m);
check('the client ends well', client.status === 0, client.stderr);
check('it reads what there is', /^\s*Ok\(/.test(meta ?? ''), client.stdout);
for (const name of names) check(`it knows ${name}`, meta?.includes(`"${name}": StatsField`), meta);
check(
  'it is refused what there is not',
  /^\s*Err\([\s\S]*unknown stat target/.test(other ?? ''),
  other,
);
const switches = /"switches": Number\((\d+)\)/.exec(value ?? '');
check('it reads the numbers', Number(switches?.[1]) > 100, value);

const script = spawn('/usr/bin/python3', ['/run/out/scxstats_to_openmetrics.py', '--intv', '1'], {
  env: { ...process.env, PYTHONPATH: pythonPath },
  stdio: ['ignore', 'pipe', 'pipe'],
});
let metrics = '';
for (const stream of [script.stdout, script.stderr]) {
  stream.setEncoding('utf8').on('data', (text) => {
    metrics += text;
  });
}
const gauge = /^schedhint_switches (\S+)$/gm;
await until(
  'the script has printed twice',
  () => script.exitCode !== null || [...metrics.matchAll(gauge)].length > 1,
  () => metrics.slice(0, 2000),
);
script.kill();
for (const name of names) {
  check(
    `a metric for ${name}`,
    metrics.includes(`# TYPE schedhint_${name} gauge`),
    metrics.slice(0, 2000),
  );
}
const values = [...metrics.matchAll(gauge)].map(([, number]) => Number(number));
check('the metric grows', values[1] > values[0], values.join(', '));

for (const hog of busy) hog.kill('SIGKILL');
await scheduler.stop();
const found = `the example client and scxstats_to_openmetrics.py read ${names.length} counts: switches ${switches?.[1]}, ${values.join(', ')}`;
const versions = `${scheduler.ready.ops}, Linux ${release()}`;
writeFileSync('/run/out/found.json', JSON.stringify({ versions, found, faults }));

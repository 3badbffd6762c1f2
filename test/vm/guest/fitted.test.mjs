// What the loader fits to the kernel and the machine, as bpftool finds it in the maps and in the kernel's BTF.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, before, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { endPrograms } from './programs.mjs';
import { Scheduler, schedulerName } from './scheduler.mjs';

const OBJECT = fileURLToPath(new URL('build/fitted.bpf.o', import.meta.url));
const CPU = '/sys/devices/system/cpu/cpu1/online';
/** Members of sched_ext_ops that the object has, and that some kernels lack. */
const NEW_MEMBERS = ['cgroup_set_bandwidth', 'cgroup_set_idle', 'rescue_bandwidth_ppt'];

const bpftool = (...args) =>
  execFileSync('bpftool', args, { encoding: 'utf8', maxBuffer: 2 ** 28 });
/** The maps that the scheduler's process has open. */
function mapsOf(scheduler) {
  const folder = `/proc/${scheduler.process.pid}/fdinfo`;
  const ids = readdirSync(folder).map((fd) =>
    Number(/^map_id:\s*(\d+)$/m.exec(readFileSync(`${folder}/${fd}`, 'utf8'))?.[1]),
  );
  return JSON.parse(bpftool('-j', 'map', 'show')).filter(({ id }) => ids.includes(id));
}

/** The value of a section of the object. */
function section(scheduler, name) {
  const map = mapsOf(scheduler).find((map) => map.name === name.slice(0, 15)); // the kernel's names are short
  assert.ok(map, `${name} is not among ${mapsOf(scheduler).map(({ name }) => name)}`);
  const [{ formatted }] = JSON.parse(bpftool('-j', 'map', 'dump', 'id', String(map.id)));
  const [[variable]] = Object.values(formatted.value);
  return Object.values(variable)[0];
}

/** The kernel's enumerators of sched_ext, and the members of its sched_ext_ops. */
const kernel = { enumerators: new Map(), members: [] };

before(() => {
  let inOps = false;
  for (const line of bpftool('btf', 'dump', 'file', '/sys/kernel/btf/vmlinux').split('\n')) {
    if (line.startsWith('[')) inOps = line.includes("STRUCT 'sched_ext_ops' ");
    const [, name, value] = /^\t'(SCX_\w+)' val=(-?\d+)/.exec(line) ?? [];
    if (name) kernel.enumerators.set(name, BigInt.asUintN(64, BigInt(value)));
    if (inOps) kernel.members.push(/^\t'(\w+)'/.exec(line)?.[1]);
  }
  assert.ok(kernel.members.includes('enqueue'));
});
beforeEach(() => rmSync('/sys/fs/bpf/schedhint', { force: true }));
afterEach(async () => {
  await endPrograms();
  writeFileSync(CPU, '1');
});

test('what this kernel lacks of sched_ext_ops is left out, and said', async () => {
  const scheduler = await Scheduler.start('--object', OBJECT);
  const missing = NEW_MEMBERS.filter((name) => !kernel.members.includes(name));
  console.log(`missing: ${missing}`);
  assert.deepEqual(scheduler.ready.missing, missing);
  assert.equal(schedulerName(), 'fitted', 'only our own name gets a version');
  await scheduler.stop();
});

test("the enumerators of scx's headers have this kernel's values", async () => {
  const scheduler = await Scheduler.start('--object', OBJECT);
  const rodata = mapsOf(scheduler).find(({ name }) => /\.rodata$/.test(name));
  // As text: JSON.parse() would round numbers of 64 bits.
  const text = bpftool('-j', 'map', 'dump', 'id', String(rodata.id));
  let compared = 0;
  for (const [, name, value] of text.matchAll(/"__(SCX_\w+)":\s*(-?\d+)/g)) {
    const wanted = kernel.enumerators.get(name) ?? 0n;
    assert.equal(BigInt.asUintN(64, BigInt(value)), wanted, name);
    if (wanted !== 0n) compared++;
  }
  console.log(`${compared} enumerators`);
  assert.ok(compared > 30, 'few of them are in the kernel');
  await scheduler.stop();
});

test('settings and topology', async () => {
  const scheduler = await Scheduler.start(
    '--object',
    OBJECT,
    '--slice',
    '5000',
    '--hints',
    'gc,pool',
  );
  const settings = section(scheduler, '.rodata.settings');
  assert.equal(settings.slice_ns, 5_000_000);
  assert.equal(settings.hints, 1 | 64);
  assert.notEqual(settings.reader_id, 0);
  // Debian's kernels have CONFIG_HZ=250.
  assert.equal(settings.tick_ns, 4_000_000);
  const topology = section(scheduler, '.rodata.topology');
  assert.equal(topology.cpus, 2);
  assert.equal(topology.llcs, scheduler.ready.llcs);
  assert.equal(topology.llc_cpus[0], 2);
  assert.deepEqual(topology.members.slice(0, 2), [0, 1]);
  await scheduler.stop();
});

test('a CPU that has gone is not counted after the restart', async () => {
  const scheduler = await Scheduler.start('--object', OBJECT);
  writeFileSync(CPU, '0');
  await scheduler.counted(({ restarts }) => restarts === 1);
  assert.equal(readFileSync(CPU, 'utf8').trim(), '0');
  const topology = section(scheduler, '.rodata.topology');
  assert.deepEqual([topology.cpus, topology.llc_cpus[0]], [2, 1]);
  assert.deepEqual(topology.members.slice(0, 2), [0, 1]);
  await scheduler.stop();
});

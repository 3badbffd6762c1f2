// The unit of @schedhint/scheduler under systemd: installed by the lines of the package's README, and each end that its table names.

import assert from 'node:assert/strict';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { App, endPrograms, hogs } from './programs.mjs';
import {
  kernelComplaints,
  nothingIsLoaded,
  OURS,
  PROGRAM,
  Scheduler,
  schedExtState,
  schedulerName,
} from './scheduler.mjs';
import { hasSystemd, Systemd } from './systemd.mjs';
import { until } from './until.mjs';

const UNIT = 'schedhint-scheduler';
const CPU = '/sys/devices/system/cpu/cpu1/online';
const PIN = '/sys/fs/bpf/schedhint';
const USER = 12345;
const PACKAGE = fileURLToPath(new URL('../../../packages/scheduler/', import.meta.url));
const README = readFileSync(`${PACKAGE}README.md`, 'utf8');

const scratch = mkdtempSync(join(tmpdir(), 'service-'));
const skip = hasSystemd ? false : 'this machine has no systemd';
let systemd;

/** The lines of a section, as they are on the page. */
function linesOfReadme(title) {
  const section = README.split(/^##+ /m).find((text) => text.startsWith(`${title}\n`));
  return /```sh\n(.*?)```/s.exec(section)[1];
}

/** The npm root that the page speaks of, with the package as npm would install it. */
function npmRoot() {
  const home = join(scratch, '@schedhint/scheduler');
  const prebuilds = join(home, `prebuilds/linux-${process.arch}`);
  mkdirSync(prebuilds, { recursive: true });
  for (const file of [PROGRAM, `${PROGRAM}.bpf.o`])
    copyFileSync(file, join(prebuilds, file.split('/').at(-1)));
  copyFileSync(`${PACKAGE}${UNIT}.service`, join(home, `${UNIT}.service`));
  return scratch;
}

/** Runs lines of the page; npm and sudo are in place of the real ones. */
const runReadme = (title) =>
  systemd.sh(`
sudo() { "$@"; }
npm() {
  case "$*" in
    "install -g @schedhint/scheduler") ;;
    "root -g") echo '${npmRoot()}' ;;
    *) echo "the page runs npm $*" >&2; return 1 ;;
  esac
}
${linesOfReadme(title)}`);

const install = () => runReadme('As a service');

/** Options by `systemctl edit`, as the page says. */
async function setOptions(options) {
  const editor = join(scratch, 'editor');
  writeFileSync(
    editor,
    `#!/bin/sh
cat >"$1" <<'END'
[Service]
ExecStart=
ExecStart=/usr/local/lib/schedhint/scx_schedhint ${options}
END
`,
  );
  chmodSync(editor, 0o755);
  // It needs a terminal; script(1) makes one.
  await systemd.sh(`SYSTEMD_EDITOR=${editor} script -qec 'systemctl edit ${UNIT}' /dev/null`);
}

const PROPERTIES = ['ActiveState', 'ConditionResult', 'ExecMainStatus', 'NRestarts', 'Result'];
const state = () => systemd.show(`${UNIT}.service`, ...PROPERTIES);
const messages = () => systemd.sh(`journalctl --no-pager -o cat -u ${UNIT}`);

/** How often the kernel has begun with a sched_ext scheduler. Asking systemd instead takes long in an emulated CPU. */
const timesLoaded = () => Number(readFileSync('/sys/kernel/sched_ext/enable_seq', 'utf8'));

const isLoaded = () => schedExtState() === 'enabled' && OURS.test(schedulerName() ?? '');

/** Does this and waits until the scheduler has been loaded since. */
async function loadsAfter(what, action) {
  const times = timesLoaded();
  await action();
  await until(`it is loaded after ${what}`, () => timesLoaded() > times && isLoaded());
}

/** Waits until the service has failed, and is not about to be started again. @returns its properties */
async function failure() {
  let last;
  await until(
    'the service has failed',
    async () => {
      last = await state();
      return last.ActiveState === 'failed';
    },
    () => last,
  );
  return last;
}

/** As after boot: it is off, and has no past. */
const forget = () => systemd.sh(`systemctl stop ${UNIT}; systemctl reset-failed ${UNIT} || :`);

const start = () => loadsAfter('systemctl start', () => systemd.sh(`systemctl start ${UNIT}`));

/** Waits until the app is bound and read. @returns its status */
async function bound(app) {
  let last;
  await until(
    'the app is bound',
    async () => {
      last = await app.ask('state');
      return last.state === 'bound' && last.readBy !== null;
    },
    () => last,
  );
  return last;
}

/** Waits until the scheduler reads the app's hints after now. */
async function isReadAgain(app) {
  const { seenNs } = await app.ask('state');
  await until('the app is read again', async () => {
    await app.ask('collect', 1);
    return BigInt((await app.ask('state')).seenNs) > BigInt(seenNs);
  });
}

/** The last report among the messages. */
function counts(text) {
  const reports = text.split('\n').filter((line) => line.startsWith('{"type":"statistics"'));
  return JSON.parse(reports.at(-1) ?? '{}');
}

before(async () => {
  if (hasSystemd) systemd = await Systemd.boot();
});
after(async () => {
  await endPrograms();
  writeFileSync(CPU, '1');
  await systemd?.end();
  await nothingIsLoaded();
});

test('the lines of the README install it and start it, now and at boot', { skip }, async () => {
  await loadsAfter('the lines of the README', install);
  assert.equal((await state()).ActiveState, 'active');
  await systemd.sh(`systemctl stop ${UNIT}`);
  const { ActiveState, Result, ExecMainStatus } = await state();
  assert.deepEqual([ActiveState, Result, ExecMainStatus], ['inactive', 'success', '0']);
  assert.equal(schedExtState(), 'disabled');
  assert.ok(!existsSync(PIN));
  assert.match(await messages(), /EXIT: .*unregistered from user space/);
  assert.deepEqual(kernelComplaints(), []);

  // That is what boot starts.
  await loadsAfter('boot', () => systemd.sh('systemctl start multi-user.target'));
});

test('killed, it is started again, and clients stay bound', { skip }, async () => {
  await forget();
  await start();
  const app = new App();
  const { map } = await bound(app);
  const [main] = systemd.processesOf(`${UNIT}.service`);
  await loadsAfter('kill -9', () => process.kill(Number(main), 'SIGKILL'));
  const { ActiveState, NRestarts } = await state();
  assert.deepEqual([ActiveState, NRestarts], ['active', '1']);
  await isReadAgain(app);
  assert.equal((await bound(app)).map, map);
  await app.end();
});

test('a CPU that goes off and on is no end of the service', { skip }, async () => {
  const { NRestarts } = await state();
  const main = systemd.processesOf(`${UNIT}.service`);
  for (const is of ['0', '1']) {
    await loadsAfter(`writing ${is}`, () => writeFileSync(CPU, is));
  }
  assert.deepEqual(systemd.processesOf(`${UNIT}.service`), main);
  assert.equal((await state()).NRestarts, NRestarts);
});

test('what the kernel ends is started again, until it has ended five times', { skip }, async () => {
  await forget();
  await start();
  const endByKernel = () => writeFileSync('/proc/sysrq-trigger', 'S');
  for (let ends = 1; ends < 5; ends++) {
    await loadsAfter(`end ${ends}`, endByKernel);
    assert.equal((await state()).NRestarts, `${ends}`);
  }
  endByKernel();
  assert.equal((await failure()).ExecMainStatus, '75');
  await nothingIsLoaded();
  const text = await messages();
  assert.match(text, /EXIT: .*sysrq/i);
  assert.match(text, /code=exited, status=75/);
  assert.match(text, /Start request repeated too quickly/);
});

test('wrong options make it fail, and it is not started again', { skip }, async () => {
  await forget();
  await setOptions('--no-such-option');
  await systemd.systemctl('start', UNIT);
  const { ExecMainStatus, NRestarts } = await failure();
  assert.deepEqual([ExecMainStatus, NRestarts], ['2', '0']);
  assert.match(await messages(), /no-such-option/);
});

test('next to another scheduler it refuses to start, and is not started again', {
  skip,
}, async () => {
  await systemd.sh(`systemctl revert ${UNIT}`);
  await forget();
  const other = await Scheduler.startObject('fifo.bpf.o');
  await systemd.systemctl('start', UNIT);
  const { ExecMainStatus, NRestarts } = await failure();
  assert.deepEqual([ExecMainStatus, NRestarts], ['1', '0']);
  assert.equal(schedulerName(), 'schedhint_fifo');
  await other.stop();
});

test('an update by the same lines keeps the clients, and options stay', { skip }, async () => {
  await forget();
  await setOptions('--json --stats 0.2');
  await start();
  const app = new App();
  await bound(app);
  const main = systemd.processesOf(`${UNIT}.service`);

  await loadsAfter('the update', async () => {
    await install();
    await systemd.sh(`systemctl restart ${UNIT}`);
  });
  assert.notDeepEqual(systemd.processesOf(`${UNIT}.service`), main);
  await isReadAgain(app);
  hogs(2);
  await until('it acts on the hints', async () => {
    await app.ask('collect', 5);
    return counts(await messages()).pauseQueued > 0;
  });
  await app.end();
  await systemd.sh(`systemctl stop ${UNIT}`);
  assert.equal((await state()).Result, 'success');
  assert.deepEqual(kernelComplaints(), []);
});

test('by the lines of the README the users of a group hint, and no others', { skip }, async () => {
  await systemd.sh(`systemctl revert ${UNIT}`);
  await forget();
  await loadsAfter('the lines of the README', () => runReadme('For the programs of a group'));
  const group = Number(await systemd.sh('getent group schedhint | cut -d: -f3'));
  const env = { SCHEDHINT_MAP: '/run/schedhint/bpf/hints' };

  const member = new App(env, { by: systemd.asMember(USER, group) });
  await bound(member);
  const stranger = new App(env, { by: systemd.asMember(USER, USER) });
  assert.equal((await stranger.ask('state')).code, 'ERR_SCHEDHINT_MAP_PERMISSION');
  // What the page says of the place that is there by default.
  const outside = new App({}, { by: systemd.asMember(USER, group) });
  assert.equal((await outside.ask('state')).code, 'ERR_SCHEDHINT_MAP_PERMISSION');
  for (const app of [stranger, outside]) await app.end();

  // The mount outlives the scheduler, so clients find the next one.
  const { map } = await bound(member);
  await loadsAfter('a restart', () => systemd.sh(`systemctl restart ${UNIT}`));
  await until('the app is bound to the next map', async () => (await bound(member)).map !== map);
  await member.end();
  await systemd.sh(`systemctl stop ${UNIT}`);
  assert.equal((await state()).Result, 'success');
});

test('without sched_ext in the kernel it is skipped', { skip }, async () => {
  await forget();
  await systemd.sh(`mount -t tmpfs tmpfs /sys/kernel && systemctl start ${UNIT}`);
  const { ActiveState, ConditionResult } = await state();
  assert.deepEqual([ActiveState, ConditionResult], ['inactive', 'no']);
  await systemd.sh('umount /sys/kernel');
});

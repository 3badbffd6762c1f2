// The unit of @schedhint/scheduler under systemd: installed by the lines of the package's README, and each end that its table names.

import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { App, endPrograms } from './programs.mjs';
import { kernelComplaints, nothingIsLoaded, OURS, PROGRAM, Scheduler, schedExtState, schedulerName } from './scheduler.mjs';
import { hasSystemd, Systemd } from './systemd.mjs';
import { until } from './until.mjs';

const UNIT = 'schedhint-scheduler';
const PIN = '/sys/fs/bpf/schedhint';
const PACKAGE = fileURLToPath(new URL('../../../packages/scheduler/', import.meta.url));
const README = readFileSync(`${PACKAGE}README.md`, 'utf8');

const scratch = mkdtempSync(join(tmpdir(), 'service-'));
const skip = hasSystemd ? false : 'this machine has no systemd';
let systemd;

/** The lines that install the service, as they are on the page. */
function linesOfReadme() {
  const section = README.split(/^## /m).find((text) => text.startsWith('As a service\n'));
  return /```sh\n(.*?)```/s.exec(section)[1];
}

/** The npm root that the page speaks of, with the package as npm would install it. */
function npmRoot() {
  const home = join(scratch, '@schedhint/scheduler');
  const prebuilds = join(home, `prebuilds/linux-${process.arch}`);
  mkdirSync(prebuilds, { recursive: true });
  for (const file of [PROGRAM, `${PROGRAM}.bpf.o`]) copyFileSync(file, join(prebuilds, file.split('/').at(-1)));
  copyFileSync(`${PACKAGE}${UNIT}.service`, join(home, `${UNIT}.service`));
  return scratch;
}

/** Runs the page's lines; npm and sudo are in place of the real ones. */
const install = () =>
  systemd.sh(`
sudo() { "$@"; }
npm() {
  case "$*" in
    "install -g @schedhint/scheduler") ;;
    "root -g") echo '${npmRoot()}' ;;
    *) echo "the page runs npm $*" >&2; return 1 ;;
  esac
}
${linesOfReadme()}`);

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
  await systemd.sh(`SYSTEMD_EDITOR=${editor} systemctl edit ${UNIT}`);
}

const state = () => systemd.show(`${UNIT}.service`);
const messages = () => systemd.sh(`journalctl --no-pager -o cat -u ${UNIT}`);

/** Waits until the service is in this state. @returns its properties */
async function reaches(what, condition) {
  let last;
  await until(
    what,
    async () => {
      last = await state();
      return condition(last);
    },
    () => last,
  );
  return last;
}

const schedules = () =>
  until('the service schedules', () => schedExtState() === 'enabled' && OURS.test(schedulerName() ?? ''));

/** From no service and no count of starts: as after boot. */
async function startAfresh() {
  await systemd.systemctl('stop', UNIT);
  await systemd.systemctl('reset-failed', UNIT);
  await systemd.sh(`systemctl start ${UNIT}`);
  await schedules();
}

before(async () => {
  if (hasSystemd) systemd = await Systemd.boot();
});
after(async () => {
  await endPrograms();
  await systemd?.end();
  await nothingIsLoaded();
});

test('the lines of the README install it and start it, and start it at boot', { skip }, async () => {
  await install();
  assert.equal((await state()).ActiveState, 'active');
  await schedules();
  await systemd.sh(`systemctl stop ${UNIT}`);
  const { ActiveState, Result, ExecMainStatus } = await state();
  assert.deepEqual([ActiveState, Result, ExecMainStatus], ['inactive', 'success', '0']);
  assert.equal(schedExtState(), 'disabled');
  assert.ok(!existsSync(PIN));
  assert.match(await messages(), /EXIT: .*unregistered from user space/);
  assert.deepEqual(kernelComplaints(), []);

  await systemd.sh('systemctl start multi-user.target'); // that is what boot starts
  await schedules();
});

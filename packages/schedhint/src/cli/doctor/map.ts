// Checks the bpffs, the pinned map with its permissions, and whether a scheduler or the observer reads the map.

import { accessSync, constants, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import { TOLD_BY } from './cause.js';
import { type Check, fail, pass, skip, warn } from './check.js';
import { findMapReaders } from './map-readers.js';
import { codeOf, type Patient } from './patient.js';

const BPF_FS_MAGIC = 0xcafe4a11;

/** The checks of the file system that has the pin, and of the map. */
export function mapChecks(patient: Patient): Check[] {
  const where = bpffs(patient);
  return [where, map(patient, where)];
}

function errnoOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}

function bpffs({ map, status }: Patient): Check {
  const directory = dirname(map);
  if (status.state === 'bound' && status.map.by === 'broker') {
    return skip('bpffs', 'not needed: the broker opens the pin');
  }
  if (process.platform !== 'linux') return skip('bpffs', `this is ${process.platform}`);
  try {
    if (statfsSync(directory).type === BPF_FS_MAGIC) {
      return pass('bpffs', `${directory} is on a bpf filesystem`);
    }
  } catch (error) {
    const said = errnoOf(error);
    return said === 'ENOENT' || said === 'ENOTDIR'
      ? fail('bpffs', `there is no directory ${directory}`, mounting(directory))
      : skip('bpffs', `${directory} may not be looked at (${said})`);
  }
  // A link that leads to a pin elsewhere is as good.
  if (status.state === 'bound' || codeOf(status) === 'ERR_SCHEDHINT_MAP_TYPE') {
    return pass('bpffs', `${map} leads to a bpf filesystem`);
  }
  return fail('bpffs', `${directory} is not a bpf filesystem`, mounting(directory));
}

function mounting(directory: string): string {
  return directory === '/sys/fs/bpf'
    ? 'mount -t bpf bpf /sys/fs/bpf (in a container: mount the host’s directory of the pin)'
    : `mount -t bpf bpf ${directory}, or name the pin of the scheduler: SCHEDHINT_MAP=PIN, --map PIN`;
}

function map(patient: Patient, where: Check): Check {
  const { map, status, calls } = patient;
  if (status.state === 'bound') {
    const by = status.map.by === 'broker' ? 'through the broker' : 'by this process itself';
    const found = `${map}: task storage with __uptr fields, id ${status.map.id}, bound ${by}`;
    return isOpenToAll(map)
      ? warn(
          'map',
          `${found}; every user of this machine can set the hints of any thread (mode ${modeOf(map)})`,
          `chmod 0600 ${map} and run schedhint-broker, or chgrp it to a group that you trust and chmod 0660; a process that has it open keeps it, so to be sure remove the pin and restart the scheduler`,
        )
      : pass('map', found);
  }
  const { code, reason } = status;
  if (!TOLD_BY[code].includes('map')) return skip('map', `not known: ${code} comes first`);
  if (where.state === 'fail') return skip('map', 'not known: no bpf filesystem is mounted there');
  switch (code) {
    case 'ERR_SCHEDHINT_MAP_NOT_FOUND':
      return fail(
        'map',
        `no map is pinned at ${map}`,
        `start the scheduler${others(map)}; without one, schedhint top --map ${map} --group ${ownGroup()}, as root, makes the map and shows the hints`,
      );
    case 'ERR_SCHEDHINT_BPF_REFUSED':
      return calls?.bpf === 0
        ? fail(
            'map',
            reason,
            'bpf(2) itself may be called: see whether a seccomp profile refuses some of its commands, else report this with the output of schedhint doctor --json',
          )
        : skip('map', `not known: ${code} comes first`);
    case 'ERR_SCHEDHINT_MAP_PERMISSION':
      return permission(map);
    case 'ERR_SCHEDHINT_MAP_TYPE':
      return fail('map', reason, `name the scheduler's hint map: SCHEDHINT_MAP=PIN, --map PIN`);
    case 'ERR_SCHEDHINT_MAP_LAYOUT':
      return fail(
        'map',
        reason,
        /has \d+ bytes, more/.test(reason)
          ? `give its structs to uptr({ value }): schedhint gen --map ${map} writes them`
          : 'build the scheduler with clang >= 16; if the map is meant to be so, give its structs to uptr({ value })',
      );
    case 'ERR_SCHEDHINT_NOT_A_PIN':
      return fail(
        'map',
        reason,
        `remove what is at ${map}, or name the scheduler's pin: --map PIN`,
      );
    case 'ERR_SCHEDHINT_NO_MEMORY':
      return fail('map', reason, 'raise the limit of memory (ulimit -v, the cgroup)');
    default:
      return fail('map', reason, 'do what the line above says; see docs/errors.md');
  }
}

/** What else is pinned there: perhaps under another name. */
function others(map: string): string {
  try {
    const names = readdirSync(dirname(map), { withFileTypes: true })
      // The kernel's own files there have a dot, which a pin cannot have.
      .filter((entry) => entry.isFile() && !entry.name.includes('.'))
      .map((entry) => entry.name);
    if (names.length === 0) return '';
    const shown = names.slice(0, 5).join(', ');
    return `, or name its pin with --map (pinned there: ${shown}${names.length > 5 ? ', …' : ''})`;
  } catch {
    return '';
  }
}

/** Which of the things on the way refuses. */
function permission(map: string): Check {
  for (const directory of waysTo(map)) {
    try {
      accessSync(directory, constants.X_OK);
    } catch (error) {
      return fail(
        'map',
        `${user()} may not pass ${directory} (${errnoOf(error)}, mode ${modeOf(directory)})`,
        `run schedhint-broker, or pin the map on a bpffs that group ${ownGroup()} may enter`,
      );
    }
  }
  return fail(
    'map',
    `${user()} may not read and write ${map} (EACCES, mode ${modeOf(map)})`,
    `run schedhint-broker, or give the pin to a group of this user: chgrp ${ownGroup()} ${map} && chmod 0660 ${map}`,
  );
}

const OTHERS_MAY_WRITE = 0o002;

function isOpenToAll(map: string): boolean {
  try {
    return (statSync(map).mode & OTHERS_MAY_WRITE) !== 0;
  } catch {
    return false; // this user may not look at it
  }
}

const ownGroup = () => process.getgid?.() ?? 0;

function waysTo(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [...waysTo(parent), parent];
}

function user(): string {
  const uid = process.getuid?.() ?? -1;
  try {
    return `user ${userInfo().username} (${uid})`;
  } catch {
    return `user ${uid}`;
  }
}

function modeOf(path: string): string {
  try {
    const { mode, uid } = statSync(path);
    return `${(mode & 0o7777).toString(8).padStart(4, '0')}, of user ${uid}`;
  } catch {
    return 'unknown';
  }
}

/** Whether a reader has answered in the block. One that only looks cannot be seen there. */
export function reader({ status }: Patient): Check {
  if (status.state !== 'bound') return skip('reader', 'not known: nothing is bound');
  if (status.readBy !== null) {
    return pass('reader', `a reader looks at the block (ABI ${status.readBy.abi})${schedExt()}`);
  }
  const [reading] = findMapReaders(status.map.id);
  return reading === undefined
    ? warn(
        'reader',
        `bound, but no reader has answered in the block for 1 s${schedExt()}`,
        'nothing, if only schedhint top reads: it does not answer. Otherwise restart the scheduler: one that was killed leaves its map and its pin behind',
      )
    : warn(
        'reader',
        `${reading.command} (pid ${reading.pid}) reads the map and does not answer in the block, as schedhint top does${schedExt()}`,
        'nothing, if you only look at the hints; for an effect start a scheduler that acts on them',
      );
}

/** What the kernel says of sched_ext, where it has that. */
function schedExt(): string {
  const read = (name: string) => {
    try {
      return readFileSync(`/sys/kernel/sched_ext/${name}`, 'utf8').trim();
    } catch {
      return null;
    }
  };
  const state = read('state');
  if (state === null) return '; this kernel has no sched_ext';
  return state === 'enabled'
    ? `; sched_ext runs ${read('root/ops') ?? 'a scheduler'}`
    : `; sched_ext is ${state}`;
}

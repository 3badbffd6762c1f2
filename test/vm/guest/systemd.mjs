// A systemd in the VM: PID 1 of namespaces that end with it.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { track } from './programs.mjs';
import { until } from './until.mjs';

const INIT = fileURLToPath(new URL('systemd-init.sh', import.meta.url));
const PROGRAM = '/lib/systemd/systemd';
const CGROUP = '/sys/fs/cgroup/systemd-machine';
const PATH = `${dirname(process.execPath)}:${process.env.PATH}`;

export const hasSystemd = existsSync(PROGRAM);

/** Removes a cgroup that no one is in, and those below it. */
function removeCgroup(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeCgroup(join(folder, entry.name));
  }
  rmdirSync(folder);
}

/** @implements {AsyncDisposable} */
export class Systemd {
  #unshare;
  #pid;

  /** Boots it and waits until it has started all that it starts at boot. */
  static async boot() {
    const systemd = new Systemd();
    mkdirSync(CGROUP);
    systemd.#unshare = track(
      spawn(
        'sh',
        [
          ...['-c', `echo 0 >${CGROUP}/cgroup.procs && exec "$@"`, 'sh', 'unshare'],
          ...['--fork', '--kill-child', '--pid', '--mount-proc', '--cgroup', '--uts', '--ipc'],
          ...['sh', INIT],
        ],
        { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, PATH } },
      ),
    );
    await until('systemd answers', () => {
      if (systemd.#unshare.exitCode !== null) throw new Error('systemd ended before it booted');
      systemd.#pid = childOf(systemd.#unshare.pid);
      return (
        systemd.#pid !== undefined && existsSync(`/proc/${systemd.#pid}/root/run/systemd/private`)
      );
    });
    await systemd.systemctl('is-system-running', '--wait');
    return systemd;
  }

  /** Runs a shell's lines in it, up to the first that fails. @returns {Promise<string>} what they print */
  async sh(lines) {
    const namespaces = ['--target', this.#pid, '--pid', '--mount', '--cgroup', '--uts', '--ipc'];
    const command = [...namespaces, 'sh', '-e', '-c', lines];
    const { stdout, stderr } = await promisify(execFile)('nsenter', command, {
      env: { PATH, LANG: 'C.UTF-8' },
    });
    return stdout + stderr;
  }

  /** A command that runs another one in it, as a user who is in one more group. @param {number} uid @param {number} group */
  asMember(uid, group) {
    const user = [`--reuid=${uid}`, `--regid=${uid}`, `--groups=${group}`];
    return ['nsenter', '--target', this.#pid, '--pid', '--mount', 'setpriv', ...user];
  }

  /** What systemctl prints. Its exit status is for shells: it is not 0 for a service that is off. */
  systemctl(...args) {
    return this.sh(`systemctl ${args.join(' ')} || :`);
  }

  /** Properties of a unit, as `systemctl show` has them. @returns {Promise<Record<string, string>>} */
  async show(unit, ...properties) {
    const lines = (await this.systemctl('show', `-p ${properties}`, unit)).trimEnd().split('\n');
    return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)));
  }

  /** The processes of a service, by the ids that they have for us; [] when it has none. */
  processesOf(service) {
    const file = `${CGROUP}/system.slice/${service}/cgroup.procs`;
    if (!existsSync(file)) return [];
    return readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .filter((pid) => pid !== '');
  }

  /** Ends it, and all that runs in it. */
  async end() {
    const gone = once(this.#unshare, 'exit');
    process.kill(Number(this.#pid), 'SIGKILL');
    await gone;
    await until('its cgroups are empty', () =>
      /^populated 0$/m.test(readFileSync(`${CGROUP}/cgroup.events`, 'utf8')),
    );
    removeCgroup(CGROUP);
  }
}

/** The process that another has started. */
function childOf(pid) {
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return child || undefined;
}

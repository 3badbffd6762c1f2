// The user of the apps: it may do nothing that others may not, but a reader's pin may be its group's.

import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { App } from '../../../vm/guest/programs.mjs';

export const UID = 1000;
export const PIN = '/sys/fs/bpf/schedhint';
const REGISTER = 'schedhint/register';
const BPFFS = '/sys/fs/bpf';

/** As docs/getting-started.md says: the group's apps come to the map. */
export function openBpffs() {
  chownSync(BPFFS, 0, UID);
  chmodSync(BPFFS, 0o710);
}

/**
 * An app of that user, with the preload as npm has installed it.
 *
 * @param {NodeJS.ProcessEnv} [env]
 * @param {string} [program] in this folder; by default the VM's usual app
 */
export function startApp(env, program) {
  const file = program && fileURLToPath(new URL(program, import.meta.url));
  return new App(env, { uid: UID, register: REGISTER, program: file });
}

/** `schedhint doctor` of an app of that user. @returns {{ exit: number | null, report: any }} */
export function doctor() {
  const args = ['node_modules/schedhint/bin/schedhint.js', 'doctor', '--json'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    uid: UID,
    gid: UID,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: `--require ${REGISTER}` },
  });
  if (!stdout.startsWith('{')) throw new Error(`the doctor said: ${stdout}${stderr}`);
  return { exit: status, report: JSON.parse(stdout) };
}

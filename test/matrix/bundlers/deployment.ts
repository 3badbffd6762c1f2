// What users do with what they have built: they put it somewhere else and run it there.

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LineProcess } from '../../rig/json-lines-process.js';
import type { KernelReader } from '../row.js';

/** The two apps that each row builds, by the names of their programs. */
export const APPS = ['app', 'preloaded'] as const;
export type AppName = (typeof APPS)[number];

const URGENCY = 900;

/** An empty directory, with no node_modules above it. */
export class Deployment {
  readonly path = mkdtempSync(join(tmpdir(), 'schedhint-deployed-'));

  /** Copies files or directories into it. */
  add(from: string, to: string): void {
    mkdirSync(join(this.path, to, '..'), { recursive: true });
    cpSync(from, join(this.path, to), { recursive: true, verbatimSymlinks: true });
  }

  /** Runs an app there until the kernel's reader has seen its hints; it must end well, without a word on stderr. */
  async isSeen(reader: KernelReader, name: AppName, command: readonly string[]): Promise<void> {
    const app = this.#start(command, { SCHEDHINT_MAP: reader.map });
    const said = await app.next();
    await reader.thread(
      `${command.join(' ')}, which said ${JSON.stringify(said)}`,
      ({ tid, gcCount, hints }) =>
        tid === app.pid && gcCount > 0 && hints.urgency === (name === 'app' ? URGENCY : 0),
    );
    assert.deepEqual(await app.end(), { code: 0, rest: [], stderr: '' });
  }

  /** Runs an app there that finds no addon: it ends well, and where hints are asked for in code, what to do is reported. */
  async endsWithReason(name: AppName, command: readonly string[]): Promise<void> {
    const app = this.#start(command, {});
    const said = await app.next();
    const { code, rest, stderr } = await app.end();
    assert.deepEqual({ code, rest }, { code: 0, rest: [] });
    if (name === 'preloaded') {
      assert.equal(stderr, '');
      return;
    }
    assert.deepEqual([said.source, said.code], ['none', 'ERR_SCHEDHINT_ADDON_MISSING']);
    assert.match(`${said.reason}`, /keep that package out of the bundle, or set SCHEDHINT_ADDON/);
    assert.match(stderr, /^\(\S+ \[SCHEDHINT_ADDON\] Warning: schedhint: no scheduler sees/);
  }

  #start([program, ...args]: readonly string[], env: NodeJS.ProcessEnv): LineProcess {
    return new LineProcess(program!, args, {
      cwd: this.path,
      env: { NODE_OPTIONS: '', NODE_DEBUG: '', SCHEDHINT_ADDON: '', ...env },
    });
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

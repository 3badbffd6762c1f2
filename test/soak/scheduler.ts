// Restarts the reader of the map during the soak test; where the kernel tests
// cannot run, replaces a plain file at the same path instead.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BpfReader } from '../rig/bpf-reader.js';
import { mountBpffs } from '../rig/bpffs.js';
import { whyNot } from '../rig/unsupported-reason.js';

/** What comes and goes at the pin while the app churns. */
export interface Restarts {
  readonly map: string;
  readonly what: string;
  /** The state of a thread's status while it is there. */
  readonly state: string;
  /** Goes, and is there again when this returns. */
  restart(): Promise<void>;
  end(): Promise<void>;
}

/** A reader of the hints; where the kernel has none, a file that is no pin. */
export async function startRestarts(): Promise<Restarts> {
  const reason = whyNot();
  return reason === null ? restartReader() : replaceFile(reason);
}

async function restartReader(): Promise<Restarts> {
  const bpffs = mountBpffs();
  let reader = await BpfReader.load('sampler', bpffs.path);
  return {
    map: `${bpffs.path}/schedhint`,
    what: 'a BPF program that reads the hints restarts in each round',
    state: 'bound',
    async restart() {
      await reader.close();
      reader = await BpfReader.load('sampler', bpffs.path);
    },
    async end() {
      await reader.close();
      bpffs.unmount();
    },
  };
}

function replaceFile(reason: string): Restarts {
  const directory = mkdtempSync(join(tmpdir(), 'schedhint-soak-'));
  const map = join(directory, 'map');
  writeFileSync(map, '');
  return {
    map,
    what: `no BPF program reads the hints (${reason}): a file in its place comes and goes`,
    state: 'unavailable',
    async restart() {
      rmSync(map);
      writeFileSync(map, '');
    },
    async end() {
      rmSync(directory, { recursive: true });
    },
  };
}

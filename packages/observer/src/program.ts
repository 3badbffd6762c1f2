// Finds the path of the prebuilt observer program for this platform and processor.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ObserverError } from './error.js';

/** The program for this machine. @throws ObserverError if this machine has no program */
export function findProgram(): string {
  const { platform, arch } = process;
  if (platform !== 'linux') {
    throw new ObserverError(
      'ERR_SCHEDHINT_OBSERVER_PLATFORM',
      `the observer is a BPF program: it needs Linux (>= 6.13), this is ${platform}`,
    );
  }
  const home = join(__dirname, '..', 'prebuilds');
  const program = join(home, `linux-${arch}`, 'observer');
  if (existsSync(program)) return program;
  throw existsSync(home)
    ? new ObserverError(
        'ERR_SCHEDHINT_OBSERVER_PLATFORM',
        `${home} has no observer for linux-${arch}: build observer/ of the repository`,
      )
    : new ObserverError(
        'ERR_SCHEDHINT_OBSERVER_MISSING',
        `${home} is missing: npm run build makes it`,
      );
}

// Checks the time namespace, whose offset would shift deadlines, and how many file descriptors are left.

import { readdirSync, readFileSync } from 'node:fs';
import { type Check, fail, pass, skip, warn } from './check.js';
import { codeOf, type Patient } from './patient.js';

/** With fewer left the check warns: binding opens descriptors of the map, the threads (pidfds) and the broker. */
const DESCRIPTORS_NEEDED = 16;

/** Clocks and limits. */
export function limitChecks(patient: Patient): Check[] {
  if (process.platform !== 'linux') return [];
  return [timeNamespace(patient), descriptors(patient)];
}

function timeNamespace({ addon }: Patient): Check {
  if (!('addon' in addon)) return skip('time namespace', 'not asked: there is no addon');
  const offset = addon.addon.timeNamespaceOffsetNs;
  if (offset !== 0n) {
    return pass(
      'time namespace',
      `its clock is ${offset} ns off the kernel's: taken off each time`,
    );
  }
  try {
    readFileSync('/proc/self/timens_offsets');
    return pass('time namespace', "the clock is the kernel's");
  } catch {
    return warn(
      'time namespace',
      'whether this clock is the kernel’s cannot be seen (/proc/self/timens_offsets)',
      'mount /proc, or see to it that there is no time namespace: deadlines would be off by its offset',
    );
  }
}

function descriptors({ status }: Patient): Check {
  const open = openDescriptors();
  const limit = descriptorLimit();
  const todo = 'raise the limit: ulimit -n, LimitNOFILE= of the unit';
  if (codeOf(status) === 'ERR_SCHEDHINT_NO_DESCRIPTORS') {
    return fail('descriptors', 'none is left to bind with', todo);
  }
  if (open === null || limit === null) return skip('descriptors', 'cannot be counted (no /proc)');
  const found = `${open} open, the limit is ${limit}`;
  return limit - open >= DESCRIPTORS_NEEDED
    ? pass('descriptors', found)
    : warn('descriptors', found, todo);
}

function openDescriptors(): number | null {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return null;
  }
}

function descriptorLimit(): number | null {
  try {
    const [, soft] =
      /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return null;
  }
}

// The schedulers that are measured, and how each is run with hints and without.

import { fileURLToPath } from 'node:url';
import { ExplainedError } from '../../scripts/private-apt.mjs';
import { publishedLayers } from './published-layers.mjs';
import { scxProgram } from './scx-program.mjs';

export const VERSION = '1.1.4';
const PIN = '/sys/fs/bpf/schedhint';
const LAYERED_MAP = '/sys/fs/bpf/scx_hints';
const LAYERS = '/run/out/layers.json';
const OURS = fileURLToPath(new URL('../../scheduler/build/scx_schedhint', import.meta.url));

/**
 * @typedef {object} Subject
 * @property {string} title what a reader calls it
 * @property {string} ops how the kernel's name for it begins
 * @property {() => string} program builds it if need be
 * @property {() => string} [unpatched] the same as it is released
 * @property {{ on: string[], off: string[] }} args of the program, with hints and without
 * @property {Record<string, string>} [env] of the app
 * @property {() => Record<string, string>} [files] for the guest's /run/out
 */

/** A scheduler of scx with our lines in it. @returns {Subject} */
function patched(name, { args = [], hintArgs = [], files } = {}) {
  return {
    title: `scx_${name} ${VERSION}, patched`,
    ops: name,
    program: () => scxProgram(`scx_${name}`, VERSION, { hints: true }),
    unpatched: () => scxProgram(`scx_${name}`, VERSION),
    args: { on: ['--hints', PIN, ...hintArgs, ...args], off: args },
    files,
  };
}

const layers = () => ({ 'layers.json': publishedLayers() });

/** By the name that the rows and the results have. @type {Record<string, Subject>} */
export const SUBJECTS = {
  layered: patched('layered', {
    args: [`f:${LAYERS}`],
    hintArgs: ['--hint-gc', '900', '--hint-none', '1'],
    files: layers,
  }),
  lavd: patched('lavd'),
  bpfland: patched('bpfland'),
  'layered-released': {
    title: `scx_layered ${VERSION}, as released, with layered()`,
    ops: 'layered',
    program: () => scxProgram('scx_layered', VERSION),
    args: {
      on: ['--task-hint-map', LAYERED_MAP, `f:${LAYERS}`],
      off: [`f:${LAYERS}`],
    },
    env: { SCHEDHINT_LAYERED_MAP: LAYERED_MAP },
    files: layers,
  },
  schedhint: {
    title: 'scx_schedhint, the example',
    ops: 'schedhint',
    program: () => OURS,
    args: { on: ['--hints', 'all'], off: ['--hints', 'none'] },
  },
};

/** @param {string} name */
export function subjectOf(name) {
  const subject = SUBJECTS[name];
  if (subject) return subject;
  throw new ExplainedError(`no scheduler ${name}: there are ${Object.keys(SUBJECTS).join(', ')}`);
}

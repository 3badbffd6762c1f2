// The schedulers that are measured, and how each is run with hints and without.

import { ExplainedError } from '../../scripts/private-apt.mjs';
import { publishedLayers } from './published-layers.mjs';
import { scxProgram } from './scx-program.mjs';

export const VERSION = '1.1.4';
const PIN = '/sys/fs/bpf/schedhint';
const LAYERED_MAP = '/sys/fs/bpf/scx_hints';
const LAYERS = '/run/out/layers.json';

/**
 * @typedef {object} Subject
 * @property {string} title what a reader calls it
 * @property {() => string} program builds it if need be
 * @property {() => string} [unpatched] the same as it is released
 * @property {{ on: string[], off: string[] }} args of the program, with hints and without
 * @property {boolean} counts the decisions that a hint changed
 * @property {Record<string, string>} [env] of the app
 * @property {() => Record<string, string>} [texts] files for the guest's /run/out, by name
 */

/** A scheduler of scx with our lines in it. @returns {Subject} */
function patched(name, { args = [], hintArgs = [], texts } = {}) {
  return {
    title: `scx_${name} ${VERSION}, patched`,
    counts: true,
    program: () => scxProgram(`scx_${name}`, VERSION, { hints: true }),
    unpatched: () => scxProgram(`scx_${name}`, VERSION),
    args: { on: ['--hints', PIN, ...hintArgs, ...args], off: args },
    texts,
  };
}

const layers = () => ({ 'layers.json': publishedLayers() });

/** By the name that the rows and the results have. @type {Record<string, Subject>} */
export const SUBJECTS = {
  layered: patched('layered', {
    args: [`f:${LAYERS}`],
    hintArgs: ['--hint-gc', '900', '--hint-none', '1'],
    texts: layers,
  }),
  lavd: patched('lavd'),
  bpfland: patched('bpfland'),
  'layered-released': {
    title: `scx_layered ${VERSION}, as released, with layered()`,
    counts: false,
    program: () => scxProgram('scx_layered', VERSION),
    args: {
      on: ['--task-hint-map', LAYERED_MAP, `f:${LAYERS}`],
      off: [`f:${LAYERS}`],
    },
    env: { SCHEDHINT_LAYERED_MAP: LAYERED_MAP },
    texts: layers,
  },
};

/** @param {string} name */
export function subjectOf(name) {
  const subject = SUBJECTS[name];
  if (subject) return subject;
  throw new ExplainedError(`no scheduler ${name}: there are ${Object.keys(SUBJECTS).join(', ')}`);
}

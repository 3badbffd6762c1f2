// What the demo has to show, as a list of checks of the object that it prints with --json. Shared by
// demo.test.ts and check.mjs.

import { isDeepStrictEqual } from 'node:util';

/** How far the kernel's estimate of the time in GC may be from what Node.js measured. */
const TOLERANCE = 0.15;
const COLLECTIONS = 10;
const HELPERS = 4;
const HINTS = ['role', 'phase', 'urgency', 'batch', 'sliceUs', 'deadlineNs', 'user'];
const FEEDBACK = ['runDelayNs', 'gcRunDelayNs', 'onCpuNs', 'preempted', 'gcPreempted'];

/** @typedef {{ name: string, passed: boolean, detail: string }} Check */

/**
 * @param {any} report
 * @returns {Check[]}
 */
export function checkBpfReport(report) {
  const threads = Array.isArray(report?.threads) ? report.threads : [];
  const js = threads.filter(({ role }) => role !== 'helper');
  const { mapId } = report ?? {};
  return [
    check('the reader is BPF', report?.reader === 'bpf', `${report?.reader}: ${report?.reason}`),
    check('it has a map', Number.isInteger(mapId) && mapId > 0, `mapId ${mapId}`),
    ...checkThreads(js),
    ...js.flatMap(checkCounts),
    ...js.flatMap(checkKernel),
    ...js.flatMap(checkTime),
    ...checkHelpers(threads.filter(({ role }) => role === 'helper')),
  ];
}

/**
 * The embedded reader samples: its last count is exact, its times are not.
 *
 * @param {any} report
 * @returns {Check[]}
 */
export function checkEmbeddedReport(report) {
  const threads = Array.isArray(report?.threads) ? report.threads : [];
  const js = threads.filter(({ role }) => role !== 'helper');
  const { reader, reason, mapId } = report ?? {};
  return [
    check('the reader is the embedded one', reader === 'embedded', `${reader}`),
    check('it says why', typeof reason === 'string' && reason !== '', `${reason}`),
    check('it names no map', mapId === null, `mapId ${mapId}`),
    ...checkThreads(js),
    ...js.flatMap(checkCounts),
    ...js.flatMap(checkKernel),
  ];
}

function checkThreads(js) {
  const roles = js.map(({ role }) => role).sort();
  const tids = new Set(js.map(({ tid }) => tid));
  const urgencies = js.map(({ node }) => node.hints.urgency);
  const kinds = new Set(js.flatMap(({ node }) => Object.keys(node.gcKinds)));
  return [
    check(
      'there are 4 JavaScript threads: the main one and 3 workers',
      isDeepStrictEqual(roles, ['main', 'worker', 'worker', 'worker']),
      roles.join(', '),
    ),
    check('each has its own thread id', tids.size === 4 && !tids.has(0), [...tids].join(', ')),
    check('each has its own urgency', new Set(urgencies).size === 4, urgencies.join(', ')),
    check(
      'there were scavenges and mark-compacts',
      kinds.has('scavenge') && kinds.has('markCompact'),
      [...kinds].join(', '),
    ),
  ];
}

function checkCounts({ tid, role, node }) {
  const about = `${role} ${tid}`;
  return [
    check(`${about}: ${COLLECTIONS} collections`, node.gcCount >= COLLECTIONS, `${node.gcCount}`),
    check(
      `${about}: hints of its own`,
      node.hints.urgency > 0 &&
        node.hints.phase !== 'none' &&
        node.hints.deadlineNs !== '0' &&
        node.hints.user !== '0',
      JSON.stringify(node.hints),
    ),
  ];
}

function checkKernel({ tid, role, node, kernel }) {
  const about = `${role} ${tid}`;
  return [
    check(
      `${about}: the kernel saw the collections that Node.js counted`,
      kernel?.gcCount === node.gcCount,
      `${kernel?.gcCount} of ${node.gcCount}`,
    ),
    check(
      `${about}: the kernel read the hints that it wrote`,
      has(node.hints, HINTS) && isDeepStrictEqual(kernel?.hints, node.hints),
      `${JSON.stringify(kernel?.hints)}, not ${JSON.stringify(node.hints)}`,
    ),
    check(
      `${about}: it waited for a CPU, and was told`,
      node.feedback.runDelayNs > 0,
      `${node.feedback.runDelayNs} ns`,
    ),
    check(
      `${about}: the feedback that it reads is what was written`,
      has(node.feedback, FEEDBACK) && isDeepStrictEqual(node.feedback, kernel?.feedback),
      `${JSON.stringify(node.feedback)}, not ${JSON.stringify(kernel?.feedback)}`,
    ),
  ];
}

function checkTime({ tid, role, node, kernel }) {
  const ratio = kernel?.gcNs / node.gcNs;
  return [
    check(
      `${role} ${tid}: the kernel's estimate of the time in GC is within ${TOLERANCE * 100}%`,
      Math.abs(ratio - 1) <= TOLERANCE,
      `${kernel?.gcNs} ns, Node.js measured ${node.gcNs} ns: ${(ratio * 100 - 100).toFixed(1)}%`,
    ),
  ];
}

function checkHelpers(helpers) {
  const atWork = helpers.filter(({ kernel }) => kernel.gcCpuNs > 0);
  return [
    check(
      `at least ${HELPERS} helper threads had CPU time during collections`,
      atWork.length >= HELPERS,
      `${atWork.length} of ${helpers.length}`,
    ),
    check(
      'helper threads have nothing that Node.js knows of them',
      helpers.every((helper) => !('node' in helper)),
      'a helper has `node`',
    ),
  ];
}

function has(object, names) {
  return names.every((name) => object?.[name] !== undefined);
}

/** @returns {Check} */
function check(name, passed, detail) {
  return { name, passed, detail };
}

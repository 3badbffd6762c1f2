// What both sides know, put together by thread: a row for each.

import { Phase, Role } from 'schedhint/abi';

/**
 * @param {any[]} reports what the app's JavaScript threads say, the main thread's first
 * @param {import('./observer.mjs').Snapshot | null} snapshot what the reader saw of all processes
 * @param {number} pid the app's
 */
export function joinThreads(reports, snapshot, pid) {
  const seen = (snapshot?.threads ?? []).filter(({ tgid, exited }) => tgid === pid && !exited);
  const js = reports.map(({ tid, role, ...node }) => ({
    tid,
    role,
    node,
    kernel: kernelOfJs(seen.find((thread) => thread.tid === tid && thread.kind === 'js')),
  }));
  const helpers = seen
    .filter(({ kind }) => kind === 'helper')
    .map(({ tid, comm, feedback, helperGcNs }) => ({
      tid,
      role: 'helper',
      kernel: { comm, onCpuNs: feedback.onCpuNs, gcCpuNs: helperGcNs },
    }));
  return [...js, ...helpers];
}

/** @param {import('./observer.mjs').Seen | undefined} seen */
function kernelOfJs(seen) {
  if (seen === undefined) return null;
  const { gcCount, gcNs, hints, feedback } = seen;
  const { role, phase, ...others } = hints;
  return {
    gcCount,
    gcNs,
    hints: { role: nameOf(Role, role), phase: nameOf(Phase, phase), ...others },
    feedback,
  };
}

/** The kernel has numbers; an unknown one stays one. */
function nameOf(names, value) {
  return Object.keys(names).find((name) => names[name] === value) ?? value;
}

// Reads what the kernel has counted for the calling thread: time on a CPU, time without one, involuntary switches. By the addon,
// else by procfs; the descriptors stay open for the next time, and Node.js closes a worker's with the worker.

import { builtinModule, isDisabled, loadAddon } from '@schedhint/native';

/** Since the thread started. Nanoseconds are exact for 104 days. */
export interface UsageSoFar {
  readonly onCpuNs: number;
  /** Ready to run, without a CPU. */
  readonly runDelayNs: number;
  readonly preempted: number;
}

let read: (() => UsageSoFar | null) | undefined;

/** null: the kernel does not count it, or not for us. */
export function ownUsage(): UsageSoFar | null {
  read ??= reading();
  return read();
}

function reading(): () => UsageSoFar | null {
  const loaded = loadAddon();
  if (!('addon' in loaded)) return isDisabled() ? () => null : readingFiles();
  const { addon } = loaded;
  return () => {
    const { cpuNs, runDelayNs, involuntarySwitches } = addon.threadUsage();
    if (runDelayNs === null) return null;
    return { onCpuNs: cpuNs, runDelayNs, preempted: involuntarySwitches };
  };
}

/** Its on-CPU time is up to a tick of the kernel's clock behind. */
function readingFiles(): () => UsageSoFar | null {
  const bytes = new Uint8Array(4096);
  const opening = (name: string): (() => string) => {
    try {
      const { openSync, readSync } = builtinModule('node:fs');
      const descriptor = openSync(`/proc/thread-self/${name}`, 'r');
      return () =>
        String.fromCharCode(...bytes.subarray(0, readSync(descriptor, bytes, 0, 4096, 0)));
    } catch {
      return () => ''; // not Linux, no procfs, or no permission
    }
  };
  const [schedstat, status] = [opening('schedstat'), opening('status')];
  return () => {
    const [, onCpu, runDelay] = /^(\d+) (\d+) \d+\n?$/.exec(schedstat()) ?? [];
    if (onCpu === undefined) return null;
    const [, preempted] = /^nonvoluntary_ctxt_switches:\t(\d+)/m.exec(status()) ?? [];
    return {
      onCpuNs: Number(onCpu),
      runDelayNs: Number(runDelay),
      preempted: Number(preempted ?? 0),
    };
  };
}

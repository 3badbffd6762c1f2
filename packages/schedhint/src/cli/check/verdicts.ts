// Concludes from what was measured of a process where its time went. Each rule is a few lines: when it holds, what shows it, what to do.

import { gc } from './gc.js';
import {
  cpusFor,
  cpusOf,
  cpusOfOthers,
  cpusWanted,
  javaScript,
  type Measured,
  most,
  nameOf,
} from './measured.js';
import { cpus, percent, time, type Verdict } from './verdict.js';

/** From this share of its time that a thread loses, it is worth telling. */
const WORTH_TELLING = 0.05;
/** CPUs that others use before they count as neighbours. */
const NEIGHBOURS_CPUS = 0.3;
/** Share of the process's CPU time that its helper threads use before they count. */
const HELPERS_SHARE = 0.15;
/** From this share of the samples in which no thread was idle, the pool is too small. */
const POOL_BUSY = 0.8;
/** Pages that are read from a disk again, for want of memory, at 0.1 to 10 ms each. */
const FAULTS_PER_SECOND = 20;
/** From this share of its time on a CPU, a thread has hardly any left for what comes next. */
const LOOP_BUSY = 0.7;

/**
 * The verdicts, the one that costs most first; `nothing wrong` if there is no other.
 *
 * A verdict whose source is missing (no schedstat, no record of collections) is not given.
 */
export function verdicts(measured: Measured): readonly Verdict[] {
  const found = [quota, neighbours, gc, threadpool, threads, memory, steal, ownCode]
    .map((rule) => rule(measured))
    .filter((verdict) => verdict !== null)
    .sort((a, b) => b.share - a.share);
  return found.length > 0 ? found : [nothingWrong(measured)];
}

function quota(measured: Measured): Verdict | null {
  const { use } = measured;
  const worst = most(javaScript(measured), ({ throttledMs }) => throttledMs ?? 0);
  if (use.quota === null || worst === null || use.quota.throttledPeriods === 0) return null;
  const share = worst.amount / use.ms;
  if (share < WORTH_TELLING) return null;
  const { throttledPeriods, periods, quotaCpus } = use.quota;
  const wanted = cpusWanted(use.threads, use);
  return {
    verdict: 'quota',
    says: 'The CPU limit of its container throttles it.',
    evidence: [
      `throttled in ${throttledPeriods} of ${periods} periods, at a limit of ${cpus(quotaCpus)}`,
      `${nameOf(worst.thread)} was ready to run and throttled for ${time(worst.amount)} of ${time(use.ms)}`,
    ],
    next: `raise the limit (resources.limits.cpu, cpu.max) or remove it: its threads asked for up to ${cpus(Math.ceil(wanted * 10) / 10)}`,
    share,
  };
}

function neighbours(measured: Measured): Verdict | null {
  const { use } = measured;
  const worst = most(javaScript(measured), ({ noCpuMs }) => noCpuMs ?? 0);
  const others = cpusOfOthers(measured);
  if (worst === null || others < NEIGHBOURS_CPUS) return null;
  const share = worst.amount / use.ms;
  if (share < WORTH_TELLING) return null;
  return {
    verdict: 'neighbours',
    says: 'Other programs on this machine take the CPUs that it needs.',
    evidence: [
      `${nameOf(worst.thread)} was ready to run and had no CPU for ${time(worst.amount)} of ${time(use.ms)}`,
      `others used ${cpus(others)} of ${use.machine!.cpus}; this process used ${cpus(cpusOf(use.threads, use))}`,
    ],
    next: `raise its share (cpu.weight, resources.requests.cpu), or move it; a scheduler that acts on hints could give back up to ${percent(share)} of its time: schedhint doctor`,
    share,
  };
}

function threadpool(measured: Measured): Verdict | null {
  const { threads: count, allBusyShare, onCpuShare } = measured.pool;
  if (count === 0 || allBusyShare < POOL_BUSY) return null;
  const room = cpusFor(measured);
  // More threads help those that wait for a disk or for DNS; those that compute need a CPU each.
  const computes = onCpuShare > 0.5 * allBusyShare;
  const next =
    computes && count >= room
      ? `more threads would not help, since they compute and there are ${cpus(room)}: do less of it (fewer rounds, a cache), or give it more CPUs`
      : `start it with UV_THREADPOOL_SIZE=${computes ? Math.floor(room) : Math.min(128, count * 4)}`;
  return {
    verdict: 'threadpool',
    says: "All threads of libuv's pool (files, DNS, crypto, zlib) are busy, so calls queue.",
    evidence: [
      `none of the ${count} threads was idle in ${percent(allBusyShare)} of the samples`,
      `they were on a CPU, or waited for one, for ${percent(onCpuShare)} of the time`,
    ],
    next,
    share: allBusyShare,
  };
}

function threads(measured: Measured): Verdict | null {
  const { use } = measured;
  const room = cpusFor(measured);
  const helpers = use.threads.filter(({ role }) => role === 'v8' || role === 'libuv');
  const active = helpers.filter(({ cpuMs }) => cpuMs >= 0.01 * use.ms);
  const worst = most(javaScript(measured), (one) => (one.noCpuMs ?? 0) + (one.throttledMs ?? 0));
  const taken = cpusOf(helpers, use);
  if (worst === null || active.length <= room) return null;
  // Only if all that its threads want is more than there is: else it waits for others.
  if (cpusWanted(use.threads, use) <= room) return null;
  if (taken < HELPERS_SHARE * cpusOf(use.threads, use)) return null;
  const share = Math.min(worst.amount / use.ms, taken);
  if (share < WORTH_TELLING) return null;
  const v8 = active.filter(({ role }) => role === 'v8');
  const whole = Math.max(1, Math.floor(room));
  const isV8 = cpusOf(v8, use) >= taken / 2;
  return {
    verdict: 'threads',
    says: 'It has more helper threads than CPUs, and they take CPU time from JavaScript.',
    evidence: [
      `${v8.length} threads of V8 and ${active.length - v8.length} of libuv used ${cpus(taken)} of ${cpus(room)}`,
      `${nameOf(worst.thread)} was ready to run and had no CPU for ${time(worst.amount)} of ${time(use.ms)}`,
    ],
    next: isV8
      ? `start it with node --v8-pool-size=${whole}`
      : `start it with UV_THREADPOOL_SIZE=${whole}`,
    share,
  };
}

function memory(measured: Measured): Verdict | null {
  const { use } = measured;
  const { waitedMs, waitedOf, refaults } = use.memory;
  const seconds = use.ms / 1000;
  const faults = use.threads.reduce((sum, { majorFaults }) => sum + majorFaults, 0);
  // A first reading of a page is no want of memory: only those that came back count, where they are known.
  const again = Math.min(faults, refaults ?? faults);
  const share = (waitedMs ?? 0) / use.ms;
  // The pressure of the whole machine may be another's.
  const isPressed = share >= WORTH_TELLING && (waitedOf === 'cgroup' || again >= seconds);
  if (!isPressed && again < FAULTS_PER_SECOND * seconds) return null;
  return {
    verdict: 'memory',
    says: 'It waits for memory: pages are dropped, and read again from the disk.',
    evidence: [
      `${faults} major page faults in ${time(use.ms)}`,
      refaults === null
        ? 'how many pages had been dropped before is not known'
        : `${refaults} pages of its cgroup had been dropped and were needed again`,
      waitedMs === null
        ? 'the kernel does not report memory pressure'
        : `tasks of ${waitedOf === 'cgroup' ? 'its cgroup' : 'this machine'} waited for memory for ${time(waitedMs)}`,
    ],
    next: 'raise its memory limit (resources.limits.memory, memory.max), or lower --max-old-space-size',
    share,
  };
}

function steal({ use: { machine } }: Measured): Verdict | null {
  if (machine === null) return null;
  const share = machine.stealMs / Math.max(1, machine.busyMs + machine.idleMs + machine.stealMs);
  if (share < WORTH_TELLING) return null;
  return {
    verdict: 'steal',
    says: 'The hypervisor gives the CPUs of this machine to other machines.',
    evidence: [`${percent(share)} of the time of ${cpus(machine.cpus)} was stolen`],
    next: 'use another host, or a machine type with dedicated CPUs; no setting inside of this machine helps',
    share,
  };
}

function ownCode(measured: Measured): Verdict | null {
  const { use } = measured;
  const ownMs = (thread: (typeof use.threads)[number]) =>
    Math.max(0, thread.cpuMs - collecting(thread));
  const busy = most(javaScript(measured), ownMs);
  const stalled = most(javaScript(measured), stalledMs);
  if (busy === null) return null;
  const isStalled = stalled!.amount / use.ms >= WORTH_TELLING;
  if (!isStalled && busy.amount / use.ms < LOOP_BUSY) return null;
  const { thread, amount } = isStalled ? stalled! : busy;
  const { stalls } = thread;
  return {
    verdict: 'own code',
    says: isStalled ? 'Its own code blocks the event loop.' : 'Its own code keeps a thread busy.',
    evidence: [
      `${nameOf(thread)} ran its own code for ${time(ownMs(thread))} of ${time(use.ms)}`,
      stalls === null
        ? 'how long single stalls are is not known'
        : `${stalls.stalls} stalls of over ${stalls.thresholdMs} ms, the longest ${time(stalls.longestStallMs)}: ${time(stalls.parts.code)} computing, ${time(stalls.parts.blocked)} in calls that block`,
    ],
    next:
      stalls !== null && stalls.parts.blocked > stalls.parts.code
        ? 'find the synchronous calls: node --trace-sync-io app.js'
        : 'find the functions: SCHEDHINT_STALLS=50,stack or node --cpu-prof app.js; then divide the work, or move it into a worker',
    share: amount / use.ms,
  };
}

function collecting({ stalls }: Measured['use']['threads'][number]): number {
  if (stalls === null) return 0;
  const { minor, major, other } = stalls.collectionMs;
  return minor + major + other;
}

/** How long its own code stalled it; 0 where something else is the larger part of its stalls. */
function stalledMs({ stalls }: Measured['use']['threads'][number]): number {
  if (stalls === null) return 0;
  const all = Object.values(stalls.parts).reduce((sum, ms) => sum + ms, 0);
  const own = stalls.parts.code + stalls.parts.blocked;
  return own >= all / 2 ? own : 0;
}

function nothingWrong(measured: Measured): Verdict {
  const { use } = measured;
  const busy = most(javaScript(measured), ({ cpuMs }) => cpuMs);
  const waiting = most(javaScript(measured), (one) => (one.noCpuMs ?? 0) + (one.throttledMs ?? 0));
  return {
    verdict: 'nothing wrong',
    says: 'Nothing kept it from running.',
    evidence:
      busy === null
        ? ['no thread that runs JavaScript was seen']
        : [
            `${nameOf(busy.thread)} was on a CPU for ${percent(busy.amount / use.ms)} of the time, and ${nameOf(waiting!.thread)} without one for ${percent(waiting!.amount / use.ms)}`,
          ],
    next: 'measure while it is slow, and longer: --seconds 60',
    share: 0,
  };
}

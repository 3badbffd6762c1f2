/** A thread's hints, as the kernel last read them. */
export interface ObservedHints {
  /** 1: main thread, 2: worker, 0: not said. */
  readonly role: number;
  /** 0: not said, 1: starting, 2: serving, 3: draining. */
  readonly phase: number;
  /** 0: no opinion, 1 to 1024; 512 is normal. */
  readonly urgency: number;
  /** Batch work, whatever the urgency. */
  readonly batch: boolean;
  /** Microseconds; 0: no opinion. */
  readonly sliceUs: number;
  /** CLOCK_MONOTONIC nanoseconds of the initial time namespace; 0n: none. */
  readonly deadlineNs: bigint;
  /** The application's own. */
  readonly user: bigint;
}

/** What has been counted of any thread. */
interface Observed {
  /** In the initial pid namespace, like `tgid`. */
  readonly tid: number;
  /** What user space calls the pid. */
  readonly tgid: number;
  /** The thread's name; 15 bytes at most. */
  readonly comm: string;
  /** It has ended; it will not be in the next snapshot. */
  readonly exited: boolean;
}

/** A JavaScript thread: it has a block, or had one. */
export interface ObservedThread extends Observed {
  readonly kind: 'js';
  /** The runtime: a value of `Runtime`. */
  readonly runtime: number;
  /** The pauses it is in: bits of `GcKind`; 0: none. */
  readonly gc: number;
  /** The runtime's own kinds of them; of V8 bits of `V8GcKind`. */
  readonly gcKinds: number;
  /** A concurrent collection is under way, between its pauses too. */
  readonly gcCycle: boolean;
  /** Pauses ended, as the thread itself counts them. */
  readonly gcCount: number;
  /** Nanoseconds in collections: exact off the CPU, an estimate from clock ticks on it. */
  readonly gcNs: number;
  /** Clock ticks that found it in a collection. */
  readonly gcSamples: number;
  /** Nanoseconds in collections off the CPU, waiting or asleep. Exact. */
  readonly gcOffCpuNs: number;
  /** How long pauses of the last kind have lately taken, microseconds, as the thread itself says. */
  readonly gcExpectUs: number;
  /** Bits of `Flag`: how good the collector's hints are. */
  readonly flags: number;
  readonly hints: ObservedHints;
  readonly feedback: {
    /** Nanoseconds runnable without a CPU, like all here since the observer saw the thread first. */
    readonly runDelayNs: number;
    /** Of which in a collection. */
    readonly gcRunDelayNs: number;
    readonly onCpuNs: number;
    /** Involuntary switches. */
    readonly preempted: number;
    /** Of which in a collection. */
    readonly gcPreempted: number;
  };
}

/** Another thread of a process with a block: V8's helper threads, libuv's pool. */
export interface ObservedHelper extends Observed {
  readonly kind: 'helper';
  readonly feedback: { readonly onCpuNs: number };
  /** CPU time while its process was in a collection. */
  readonly helperGcNs: number;
}

/** All threads of all processes with a block, at one moment. */
export interface Snapshot {
  /** The observer's last. */
  readonly final: boolean;
  /** CLOCK_MONOTONIC nanoseconds. */
  readonly ns: bigint;
  /** The kernel's id of the map. */
  readonly mapId: number;
  readonly threads: readonly (ObservedThread | ObservedHelper)[];
  /** Events that found no room since the start; 0 without {@link ObserverOptions.events}. */
  readonly lostEvents: number;
}

/**
 * What happened to a thread. `run`: it got a CPU. `wait`: it was preempted. `sleep`: it gave it up. `wake`: it is ready to run. `signal`: it was about to sleep, and a signal
 * kept it from it. `change`: on a CPU, it says something else than before. `end`: it has ended, or
 * another program has replaced it.
 */
export type EventKind = 'run' | 'wait' | 'sleep' | 'wake' | 'signal' | 'change' | 'end';

/** One event of the traced process, with what its thread said then. */
export interface ThreadEvent {
  readonly what: EventKind;
  /** CLOCK_MONOTONIC nanoseconds. */
  readonly ns: bigint;
  readonly tid: number;
  /** Where it happened; of `wake`: the CPU of the thread that woke it. */
  readonly cpu: number;
  readonly comm: string;
  readonly kind: 'js' | 'helper';
  /** In a collection; of a helper: its process is. */
  readonly inGc: boolean;
  /** Only of JavaScript threads, like what follows. */
  readonly gc?: number;
  readonly gcCount?: number;
  /** When the outermost pause in progress began, by the thread's own clock. */
  readonly gcSinceNs?: bigint;
  readonly hints?: ObservedHints;
}

/** The observer's first line. */
export interface Ready {
  readonly mapId: number;
  readonly pin: string;
  /** Between two looks at a thread that runs. */
  readonly periodNs: number;
  /** The kernel's release. */
  readonly kernel: string;
}

export type Message =
  | ({ readonly type: 'ready' } & Ready)
  | ({ readonly type: 'snapshot' } & Snapshot)
  | ({ readonly type: 'event' } & ThreadEvent);

const WIDE = new Set(['ns', 'gcSinceNs', 'deadlineNs', 'user']);

/** A line that the observer prints. Numbers that may pass 2^53 are strings there. */
export function parseMessage(line: string): Message {
  const message = JSON.parse(line, (key, value) =>
    WIDE.has(key) && typeof value === 'string' ? BigInt(value) : value,
  );
  return message.type === 'snapshot' ? { lostEvents: 0, ...message } : message;
}

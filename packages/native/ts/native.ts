/**
 * What the addon does; compiled.ts has the form in which C++ takes it. Mechanism only;
 * `@schedhint/core` gives it meaning, and is what applications use.
 *
 * @packageDocumentation
 */

/** Who owns the struct behind a pointer of the map's value. */
export type SlotOwner = 'thread' | 'process';

/** One pointer (`__uptr`) in the map's value. */
export interface Slot {
  /** Bytes from the start of the value; a multiple of 8. */
  readonly offset: number;
  /** Size of the struct it points to, from 1 byte to {@link Addon.pageSize}. */
  readonly size: number;
  readonly owner: SlotOwner;
  /** Offset in the struct of a u64 that gets the time of the attach; by default no field does. */
  readonly attachNs?: number;
  /**
   * Offset from which on the struct is written by the reader: cleared each time that the block is
   * bound to a map. By default the reader has no part.
   */
  readonly reader?: number;
}

/**
 * What a thread's element of the map is. `uptr`: pointers, which the slots place. `layered`: a hint of
 * 0..1024, scx_layered's `struct task_hint`; the slots are then memory that no program sees, and
 * their offsets mean nothing. `tld`: the kernel's task local data; slot 0 is the thread's values
 * behind 8 bytes, in a block as large as it has to be, slot 1 the process's metadata.
 */
export type ChannelKind = 'uptr' | 'layered' | 'tld';

/** The format in which a map expects its blocks. Must be valid, and never change: C++ does not look at it again. */
export interface ChannelRequest {
  readonly kind: ChannelKind;
  /** Path of the pinned map. */
  readonly map: string;
  /** The socket of the broker to ask where this process may not open the map; empty: none. */
  readonly broker: string;
  /** Bytes of the value that are ours; the map's own may be larger where the kind is `uptr`. */
  readonly valueSize: number;
  readonly slots: readonly Slot[];
  /** The slot of the process's block in which the threads bound now are counted; -1: none. */
  readonly countSlot: number;
  /** Offset of that count (u32). */
  readonly countOffset: number;
  /** Only of a `layered` channel: what {@link Addon.setHint} falls back to. The first of a map counts. */
  readonly normalHint?: number;
}

/**
 * Where, in the blocks of a channel, collections are stored: offsets in bytes; any of the thread's may
 * be -1: nowhere. A word is a u32, or a u64 with `wide`.
 */
export interface GcRequest {
  readonly wide: boolean;
  readonly threadSlot: number;
  /** A word: `enum schedhint_gc` of `schedhint.h`. Stored last, with release. */
  readonly gc: number;
  /** A word: outermost pauses ended since the hook was installed in this thread. */
  readonly count: number;
  /** u64: CLOCK_MONOTONIC start of the outermost pause. */
  readonly sinceNs: number;
  /** A word: how long pauses of its kind have lately taken, in microseconds. */
  readonly expectUs: number;
  /** A word. */
  readonly flags: number;
  /** Bits set in `flags` while the hook is installed. */
  readonly liveFlag: number;
  /** Slot of the process's block; -1: none. */
  readonly processSlot: number;
  /** u32 in the process's block: isolates inside a pause. */
  readonly processCount: number;
  /** What the element of a layered channel holds during a pause; -1: what it holds otherwise. */
  readonly hint: number;
}

/** Where the process's block has what is known of the runtime's helper threads: offsets in bytes. */
export interface HelpersRequest {
  /** Slot of the process's block. */
  readonly processSlot: number;
  /** u32. */
  readonly flags: number;
  /** Bits set in `flags` while the collector's helpers have elements: these lead to the process's block alone. */
  readonly boundFlag: number;
  /** The `flags` of the pool's block: a second one, to which the elements of libuv's threads lead. */
  readonly inheritFlag: number;
  /** u32 words that the pool's block has from the process's; while the first is 0, there is no pool's block. */
  readonly same: readonly [number, number, number, number];
}

/** The step at which binding stopped. `0`: bound. */
export const Step = {
  Bound: 0,
  /** BPF_OBJ_GET failed. */
  OpenMap: 1,
  MapInfo: 2,
  /** Not a task-storage map. `detail`: its `bpf_map_type`. */
  MapType: 3,
  /** The value is too small. `detail`: its size. */
  ValueSize: 4,
  /** The slot at `detail` is plain data: an address there would be published to every reader. */
  SlotPlain: 5,
  /** The struct behind the slot at `detail` has `found` bytes: more than our block. */
  SlotSize: 6,
  Probe: 7,
  /** pidfd_open failed. */
  OpenThread: 8,
  /** BPF_MAP_UPDATE_ELEM failed. */
  Update: 9,
  /** This process uses the map with other slots already. */
  OtherLayout: 10,
  /** No block could be mapped. */
  Memory: 11,
  /** Another thread's blocks, which has not attached itself yet. */
  ThreadNotSeen: 12,
  ThreadEnded: 13,
  /** The broker could not be reached. */
  BrokerConnect: 14,
  /** The broker has been asked and has not answered yet. */
  BrokerAsked: 15,
  /** The broker will not. `detail`: one of {@link BrokerReason}; `found`: of another version, which. */
  BrokerRefused: 16,
  /** The blocks could not be moved into a memfd that could be handed over. */
  BrokerMemory: 17,
  /** Of task local data: the map needs a page for each thread, this one shares its page already. */
  TldSharedPage: 18,
  /** pthread_key_create failed: 1024 of them are used. */
  ThreadKey: 19,
  /** BPF_MAP_DELETE_ELEM failed for an element from before, in this map or in the one in its place. */
  Delete: 20,
  /**
   * Of task local data: the map has, or has had, other values of the thread. `detail`: 0 for an
   * element that is not ours, 1 for values of this process at another place.
   */
  TldInUse: 21,
} as const;

/** One of {@link Step}. */
export type Step = (typeof Step)[keyof typeof Step];

/** Why the broker refuses, `enum schedhint_broker_reason` of `schedhint_broker.h`. */
export const BrokerReason = {
  MapNotOffered: 2,
  ForeignThread: 3,
  NotAThread: 4,
  BadMemory: 5,
  BadPointer: 6,
  Limit: 7,
  /** It speaks another version of the protocol than {@link BROKER_VERSION}. */
  OtherVersion: 8,
} as const;

/** Of the broker's protocol, `SCHEDHINT_BROKER_VERSION` of `schedhint_broker.h`. */
export const BROKER_VERSION = 2;

/** What the kernel said. */
export interface NativeStatus {
  readonly step: Step;
  /** Positive errno of the failed call, or 0. */
  readonly errno: number;
  /** 0 while no map is open. */
  readonly mapId: number;
  readonly detail: number;
  readonly found: number;
  /** The thread's id in the kernel; 0 while unknown. */
  readonly tid: number;
  /** Whether the broker has tried the step, rather than this process. */
  readonly viaBroker: boolean;
  /** When it was bound, CLOCK_MONOTONIC nanoseconds of the initial time namespace; 0n: it is not. */
  readonly boundNs: bigint;
}

/**
 * A handle on the blocks of one thread in one map; it lives as long as the calling thread. A number,
 * never used again, that only the thread which has it may use.
 */
export type AttachmentHandle = number;

/** What the process holds now. All but `pages` and `blocksFree` return to where they were. */
export interface Counts {
  readonly threads: number;
  readonly bindings: number;
  /** Elements that the kernel holds for us, the leader's without a thread not counted. */
  readonly bound: number;
  readonly mapsOpen: number;
  readonly pages: number;
  readonly blocksUsed: number;
  /** Returned, but BPF programs may still write to them. */
  readonly blocksQuarantined: number;
  readonly blocksFree: number;
}

/** What {@link Addon.readMapBtf} found. */
export interface MapBtf {
  /** The bpf(2) command that failed; '' if none did. */
  readonly call: '' | 'BPF_OBJ_GET' | 'BPF_OBJ_GET_INFO_BY_FD' | 'BPF_BTF_GET_FD_BY_ID';
  /** Positive errno of it, or 0. */
  readonly errno: number;
  readonly mapId: number;
  /** As the kernel has it: cut to 15 characters. */
  readonly mapName: string;
  /** Number of the value's type in `btf`. */
  readonly valueType: number;
  /** Empty if the map was made without BTF. */
  readonly btf: Uint8Array;
}

/** Positive errno with which the kernel, or a seccomp profile, refuses a system call; 0: it does not. */
export interface RefusedCalls {
  readonly bpf: number;
  /** With PIDFD_THREAD: EINVAL on kernels older than 6.9. */
  readonly pidfdOpen: number;
  /** What binding through the broker needs. */
  readonly memfdCreate: number;
}

/** What {@link Addon.watchLoop} is to watch. */
export interface LoopRequest {
  /** A turn of the event loop that takes so long is a stall; a whole number from 1 on. */
  readonly thresholdMs: number;
  /** The schedstat of up to three threads that always sleep: all of them run when the process was stopped and continues. */
  readonly quietThreads: readonly string[];
  /** The `cpu.stat` of each cgroup that holds for the process. */
  readonly cpuStats: readonly string[];
  /** Node.js's `threadId`, to share what is found with other processes. Undefined: it is not shared. */
  readonly sharedThreadId?: number | undefined;
}

/** What {@link Addon.watchLoop} measures. */
export interface LoopSources {
  /** Whether `runDelayMs` is known. */
  readonly schedstat: boolean;
  /** Whether collections are. */
  readonly gc: boolean;
}

/** Numbers for the kinds of collections. */
export interface ByKind {
  readonly minor: number;
  readonly major: number;
  readonly other: number;
}

/** What the thread used during a stall. Times in ms. */
export interface NativeStall {
  /** Its start, since the epoch. */
  readonly at: number;
  readonly durationMs: number;
  /** On a CPU, outside of pauses of the collector. */
  readonly cpuMs: number;
  /** Ready to run without a CPU, throttled or not, outside of major pauses. */
  readonly runDelayMs: number;
  /** For which its cgroups were throttled, added up over CPUs. */
  readonly throttledMs: number;
  /** Of the cgroups' quotas. */
  readonly periods: number;
  readonly throttledPeriods: number;
  /** Without the loop's own: where it waits for events. */
  readonly voluntarySwitches: number;
  readonly involuntarySwitches: number;
  readonly majorFaults: number;
  /** Voluntary switches and major faults outside of major pauses. */
  readonly waitsOutsidePauses: number;
  /** How often each of the quiet threads has run, at least, since the last stall, or for a second. */
  readonly quietThreadRuns: number;
  readonly collections: ByKind;
  readonly collectionMs: ByKind;
}

/** What JavaScript knows of a thread's stalls, for other processes: totals. */
export interface StallFindings {
  readonly stalls: number;
  /** gc, code, noCpu, throttled, blocked, paused, unknown. */
  readonly partsMs: readonly number[];
  readonly longestStallMs: number;
  readonly heapUsedBytes: number;
  readonly heapLimitBytes: number;
  readonly promotedBytes: number;
  readonly semiSpaceBytes: number;
}

/** What a thread has used since it started; nanoseconds, exact for 104 days. */
export interface ThreadUsage {
  readonly cpuNs: number;
  /** Ready to run without a CPU; null: the kernel does not count it. */
  readonly runDelayNs: number | null;
  readonly involuntarySwitches: number;
}

/** The addon, as {@link loadAddon} gives it. */
export interface Addon {
  /**
   * The calling thread's blocks (`ownThread`), or those of another thread of this process. Binds
   * them if it can; see {@link Addon.status}.
   *
   * @param threadId - Node.js's `threadId`: unique in the process, never used again.
   * @param places - Out: for each slot, the number of the page in which its block lies (-1: there
   *   is no memory) and the offset in it; behind all of them the same as {@link Addon.boundTo}.
   */
  attach(
    request: ChannelRequest,
    threadId: number,
    ownThread: boolean,
    places?: Float64Array,
  ): AttachmentHandle;
  /**
   * A page of memory, {@link Addon.pageSize} bytes, by its number. Others' blocks lie in it too, and a block itself is
   * somebody else's after {@link Addon.release}. Null in a runtime that refuses external memory (V8's
   * sandbox).
   */
  page(number: number): ArrayBuffer | null;
  /**
   * Stores a number of 2 or 4 bytes in the block behind a slot, with release: without its page.
   *
   * @returns false where there is no block, or the place is not within it, or not a multiple of `bytes`
   */
  store(
    handle: AttachmentHandle,
    slot: number,
    offset: number,
    bytes: 2 | 4,
    value: number,
  ): boolean;
  /** Where the binding stands now. Asked of the registry, not of the kernel. */
  status(handle: AttachmentHandle): NativeStatus;
  /** The id of the map that has the thread's element; 0: none. Of the status, what is asked most. */
  boundTo(handle: AttachmentHandle): number;
  /**
   * The hint in the element of a layered channel, 0..1024, or -1: the channel's `normalHint` if the
   * thread has an element, else nothing. A `bpf(2)` call if it is another than before, inside this
   * call; with the map not bound, when it is.
   */
  setHint(handle: AttachmentHandle, hint: number): void;
  /**
   * Publishes this thread's collections in the blocks. On the thread itself only. Counted: stop it
   * as often.
   *
   * @returns false where V8's callbacks are not available, or a field does not lie within its block
   */
  startGcHook(handle: AttachmentHandle, request: GcRequest): boolean;
  /** Takes one {@link Addon.startGcHook} back; the last one ends the hook and clears its fields. */
  stopGcHook(handle: AttachmentHandle): void;
  /**
   * From now on the runtime's helper threads, V8's workers and libuv's pool, have elements in the
   * attachment's map while a thread is bound there: as far as they are found, some seconds after
   * they have started. Again: does nothing.
   */
  findHelpers(handle: AttachmentHandle, request: HelpersRequest): void;
  /** Gives the handle back; the last one unbinds the thread. Again: does nothing. */
  release(handle: AttachmentHandle): void;
  /**
   * Calls back on this thread's event loop when the status of some attachment may have changed:
   * bound, unbound, or for another reason. Many changes may make one call. It keeps no event loop
   * alive. Only the first call counts.
   *
   * @param resource - what async hooks get as the resource of the calls
   */
  onStatusChange(callback: () => void, resource: object): void;
  /** A worker that this thread has started runs. Again: does nothing. */
  workerOnline(threadId: number): void;
  /** It has ended. Not needed for those that end with their parent. */
  workerEnded(threadId: number): void;
  /** Workers of the process that are online and have not attached. */
  unreachedWorkers(): number;
  /**
   * The places of values in every thread's task local data, behind the block's first 8 bytes. Those
   * that are not there yet are made: all, or none.
   *
   * @param names 1..62 bytes each, joined by NUL
   * @param sizes 1..65535 bytes each
   * @param dynamicBytes room for what is made after the first thread has its values; the largest
   *   wish counts
   * @param offsets gets the place of each
   * @returns 0 or a negative errno: EEXIST (with another size), E2BIG, ENOSPC, with the index of that
   *   key in `offsets[0]`; or ENOMEM
   */
  tldKeys(names: string, sizes: Uint32Array, dynamicBytes: number, offsets: Uint32Array): number;
  /** How many bytes of a thread's task local data are left for keys that are created now; -1: not known. */
  tldRoom(): number;
  /**
   * Watches this thread's event loop, by one handle of libuv's that keeps no loop alive. Again: with another threshold and
   * other files.
   *
   * @param onStall called at the end of each stall, on this thread, by the loop; it must not throw
   * @returns null: the runtime lacks what it needs, and nothing is watched
   */
  watchLoop(request: LoopRequest, onStall: (stall: NativeStall) => void): LoopSources | null;
  /** Ends it, and takes the handle from the loop. */
  unwatchLoop(): void;
  /** Of the last second the share that this thread was ready to run and had no CPU; -1: not known. */
  starvedShare(): number;
  /** Publishes what is known in addition to what the addon has measured. Only where {@link LoopRequest.sharedThreadId} is given. */
  tellStalls(findings: StallFindings): void;
  /** What this thread has used. The first call opens a descriptor, which is closed with the thread. */
  threadUsage(): ThreadUsage;
  /**
   * From now on writes this thread's pauses of the collector where other threads can read them, until {@link Addon.unsharePauses}
   * or the thread's end. Several arrays may be written at the same time.
   *
   * @param words over shared memory: the nanoseconds of all pauses since, and when the one in progress began (CLOCK_MONOTONIC,
   *   ns, as `process.hrtime()`; 0: no pause)
   * @returns false: the runtime does not report pauses
   */
  sharePauses(words: BigInt64Array): boolean;
  /** Ends it for this array. */
  unsharePauses(words: BigInt64Array): void;
  /** Whether the thread that has loaded it is the process's first. */
  readonly isFirstThread: boolean;
  /** Of the running kernel, bytes: 4096, or on arm64 also 16384 or 65536. A struct behind a pointer is no larger. */
  readonly pageSize: number;
  /** What the process holds now, over all copies of the addon: for tests and leaks. */
  counts(): Counts;
  /**
   * The BTF of the map pinned at a path: the types of the program that made it. The kernel gives it
   * to CAP_SYS_ADMIN only.
   */
  readMapBtf(path: string): MapBtf;
  /** Tries the system calls that binding needs, without an effect. For diagnosis. */
  refusedCalls(): RefusedCalls;
  /** How far CLOCK_MONOTONIC here is ahead of the initial time namespace's, which BPF reads. */
  readonly timeNamespaceOffsetNs: bigint;
}

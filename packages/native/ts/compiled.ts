/** What the compiled addon exports, with a struct as the words of a typed array; {@link Addon} says what it does. */
export interface CompiledAddon {
  /**
   * @param channel - `kind` (uptr 0, layered 1, tld 2), `valueSize`, `countSlot`, `countOffset`,
   *   `normalHint`; of each slot `offset`, `size`, `owner` (thread 0, process 1), `attachNs`, `reader`
   */
  attach(
    channel: Int32Array,
    map: string,
    broker: string,
    threadId: number,
    ownThread: boolean,
    places?: Float64Array,
  ): number;
  page(number: number): ArrayBuffer | null;
  store(handle: number, slot: number, offset: number, bytes: 2 | 4, value: number): boolean;
  /** @param status - is filled with 10 words: `struct schedhint_status` */
  status(handle: number, status: Int32Array): void;
  boundTo(handle: number): number;
  setHint(handle: number, hint: number): void;
  /** @param layout - `struct schedhint_gc_layout` */
  startGcHook(handle: number, layout: Int32Array): boolean;
  stopGcHook(handle: number): void;
  /** @param layout - `struct schedhint_helpers_layout` */
  findHelpers(handle: number, layout: Int32Array): void;
  /**
   * On the main thread: learns which threads are libuv's pool, by work items.
   *
   * @returns when to call again, ms; 0: not before a status has changed
   */
  meetPool(): number;
  release(handle: number): void;
  onStatusChange(callback: () => void, resource: object): void;
  workerOnline(threadId: number): void;
  workerEnded(threadId: number): void;
  unreachedWorkers(): number;
  /**
   * Looks, if that is due, whether a map can come where none could.
   *
   * @returns when to call again, ms; 0: not before a status has changed or another channel is attached
   */
  glance(): number;
  tldKeys(names: string, sizes: Uint32Array, dynamicBytes: number, offsets: Uint32Array): number;
  tldRoom(): number;
  /** @param counts - is filled with 8 words: `struct schedhint_counts` */
  counts(counts: Int32Array): void;
  /**
   * @param head - is filled with 8 words: the `enum bpf_cmd` that failed or 0, its errno, the map's
   *   id, the value's type, 16 bytes of the map's name
   * @returns the BTF
   */
  readMapBtf(path: string, head: Int32Array): ArrayBuffer;
  /** @param errors - is filled with 3 words, negative errnos or 0: bpf, pidfd_open, memfd_create */
  refusedCalls(errors: Int32Array): void;
  /**
   * Watches this thread's event loop; again: with another threshold and other files.
   *
   * @param onStall - is called at the end of each stall, on this thread
   * @param files - each ended by NUL: the quiet thread's schedstat (may be empty), and each `cpu.stat`
   * @param sharedThreadId - Node.js's `threadId`: what is found is for other processes too; -1: it is not
   * @returns bits: 4 the loop is watched, 1 schedstat can be read, 2 collections are measured
   */
  watchLoop(
    onStall: () => void,
    thresholdMs: number,
    files: string,
    sharedThreadId: number,
  ): number;
  unwatchLoop(): void;
  /** @param figures - is filled with 18 numbers: `struct StallFigures` */
  stallFigures(figures: Float64Array): void;
  starvedShare(): number;
  /** @param findings - 13 numbers: stalls, ms of 7 parts, the longest, 4 of the heap, as in `struct RecordSlot` */
  tellStalls(findings: Float64Array): void;
  /**
   * @param usage - is filled with 3 numbers: CPU ns, run delay ns, involuntary switches
   * @returns whether the kernel counts run delay
   */
  threadUsage(usage: Float64Array): boolean;
  sharePauses(words: BigInt64Array): boolean;
  unsharePauses(words: BigInt64Array): void;
  readonly isFirstThread: boolean;
  readonly pageSize: number;
  readonly timeNamespaceOffsetNs: bigint;
}

// Defines a thread's status, and translates the native status (the failed step and
// its errno) into a code and a reason that names the remedy.

import { existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { getSystemErrorName } from 'node:util';
import {
  BROKER_VERSION,
  BrokerReason,
  builtinModule,
  type ChannelKind,
  type ChannelRequest,
  type NativeStatus,
  Step,
} from '@schedhint/native';

/** The map that a thread is bound to. */
export interface BoundMap {
  /** The pin it was opened by. */
  readonly path: string;
  /** The kernel's id of it: unique until the next boot. */
  readonly id: number;
  /** Who has bound the thread: this process itself, or `schedhint-broker` for it. */
  readonly by: 'self' | 'broker';
}

/** A scheduler, or an observer, that has looked at the thread's block. */
export interface Reader {
  /** Version of the block's layout that it speaks. */
  readonly abi: number;
  /** What it acts on: bits of `ReaderFlag`. */
  readonly flags: number;
}

/** Why no reader sees the hints, as a stable code. `docs/errors.md` says what to do about each. */
export type StatusCode =
  | 'ERR_SCHEDHINT_ADDON_LOAD'
  | 'ERR_SCHEDHINT_ADDON_MISSING'
  | 'ERR_SCHEDHINT_BIND_REFUSED'
  | 'ERR_SCHEDHINT_BPF_REFUSED'
  | 'ERR_SCHEDHINT_BROKER_MEMORY'
  | 'ERR_SCHEDHINT_BROKER_PENDING'
  | 'ERR_SCHEDHINT_BROKER_REFUSED'
  | 'ERR_SCHEDHINT_BROKER_UNREACHABLE'
  | 'ERR_SCHEDHINT_BROKER_VERSION'
  | 'ERR_SCHEDHINT_EXTERNAL_MEMORY'
  | 'ERR_SCHEDHINT_LAYOUT_MISMATCH'
  | 'ERR_SCHEDHINT_MAP_IN_USE'
  | 'ERR_SCHEDHINT_MAP_LAYOUT'
  | 'ERR_SCHEDHINT_MAP_NOT_FOUND'
  | 'ERR_SCHEDHINT_MAP_PERMISSION'
  | 'ERR_SCHEDHINT_MAP_TYPE'
  | 'ERR_SCHEDHINT_NO_DESCRIPTORS'
  | 'ERR_SCHEDHINT_NO_MEMORY'
  | 'ERR_SCHEDHINT_NOT_A_PIN'
  | 'ERR_SCHEDHINT_PIDFD_REFUSED'
  | 'ERR_SCHEDHINT_PLATFORM_UNSUPPORTED'
  | 'ERR_SCHEDHINT_DISABLED'
  | 'ERR_SCHEDHINT_STOPPED'
  | 'ERR_SCHEDHINT_THREAD_ENDED'
  | 'ERR_SCHEDHINT_TLD_IN_USE'
  | 'ERR_SCHEDHINT_TLD_SHARED_PAGE'
  | 'ERR_SCHEDHINT_UNBIND_REFUSED'
  | 'ERR_SCHEDHINT_UPTR_UNSUPPORTED'
  | 'ERR_SCHEDHINT_WORKER_NOT_ATTACHED';

/**
 * Whether the kernel holds a thread's blocks: frozen data, the same object until it changes.
 *
 * - `bound`: it does. That says nothing of a reader: `readBy` is null until one has looked, and
 *   again when it has not for 5 s (asked in the thread itself, which runs, so that it would have).
 * - `waiting`: not yet; what is missing may come.
 * - `unavailable`: not, until somebody changes something. Hints go to private memory.
 */
export type Status = (
  | { readonly state: 'bound'; readonly map: BoundMap; readonly readBy: Reader | null }
  | {
      readonly state: 'waiting' | 'unavailable';
      readonly code: StatusCode;
      /** What was tried, what the kernel said, what to do. */
      readonly reason: string;
    }
) & {
  /**
   * Workers of this process that run without schedhint: no preload has reached them, and they have
   * not attached themselves. Counted are those that were started by threads that had attached
   * before. Absent: there are none.
   */
  readonly unreachedWorkers?: number;
};

/** A status other than bound. */
export type Unbound = Exclude<Status, { state: 'bound' }>;

const UPTR_SINCE = '6.13';

/** The map, its kind and its broker: what a status names. */
type Asked = Pick<ChannelRequest, 'kind' | 'map' | 'broker'>;

const WRONG_VALUE: Record<ChannelKind, (path: string, size: number) => string> = {
  uptr: (path, size) =>
    `the value of ${path} has ${size} bytes, fewer than the channel's: describe the map's own value with uptr({ value })`,
  tld: (path, size) =>
    `the value of ${path} has ${size} bytes, not the 16 or 24 of task local data: give the path of the scheduler's tld_data_map`,
  layered: (path, size) =>
    `the value of ${path} has ${size} bytes, not the 32 of scx_layered's struct task_hint: give the path that scx_layered --task-hint-map was given`,
};

const PIN_VARIABLE: Record<ChannelKind, string> = {
  uptr: 'SCHEDHINT_MAP',
  layered: 'SCHEDHINT_LAYERED_MAP',
  tld: 'SCHEDHINT_TLD_MAP',
};

/** Task local data: where the map's value points to the page of names, and the size of its struct. */
const TLD_METADATA = 8;
const TLD_METADATA_SIZE = 4036;

const NOT_BROKERED = '; schedhint-broker carries only channels of uptr(), not this one';

/** What a refused step of binding to the map means. */
export function explain(asked: Asked, status: NativeStatus): Unbound {
  const { kind, map: path, broker } = asked;
  const { step, errno, detail, found, viaBroker } = status;
  const said = errno === 0 ? '' : errnoName(errno);
  const ours = !viaBroker || step === Step.BrokerConnect;
  if (ours && (said === 'EMFILE' || said === 'ENFILE')) {
    return waiting(
      'ERR_SCHEDHINT_NO_DESCRIPTORS',
      `binding to ${path} needs a descriptor, and none is left (${said}): raise the limit (ulimit -n); it is tried again each second`,
    );
  }
  switch (step) {
    case Step.OpenMap:
      return viaBroker ? explainBrokersOpen(path, said) : explainOpen(asked, said);
    case Step.MapInfo:
      return unavailable('ERR_SCHEDHINT_BPF_REFUSED', `reading the map at ${path} failed: ${said}`);
    case Step.MapType:
      return unavailable(
        'ERR_SCHEDHINT_MAP_TYPE',
        `${path} is a map of type ${detail}, not BPF_MAP_TYPE_TASK_STORAGE (29) with a 4-byte key: give the path of the scheduler's hint map`,
      );
    case Step.ValueSize:
      return unavailable('ERR_SCHEDHINT_MAP_LAYOUT', WRONG_VALUE[kind](path, detail));
    case Step.SlotPlain:
      return unavailable(
        'ERR_SCHEDHINT_MAP_LAYOUT',
        `offset ${detail} of the value of ${path} is plain data, not a __uptr, and would show an address to every reader: check the layout, and that the BPF program was built by clang >= 16 (before 15 it drops the tag)`,
      );
    case Step.SlotSize:
      return unavailable(
        'ERR_SCHEDHINT_MAP_LAYOUT',
        kind === 'tld' && detail === TLD_METADATA
          ? `the names of task local data that the reader of ${path} looks for have a struct of ${found} bytes, not ${TLD_METADATA_SIZE}: it was built with another TLD_NAME_LEN than 62, or for another size of pages; build it with 62`
          : `the struct behind offset ${detail} of the value of ${path} has ${found} bytes, more than the channel's: the program would write beyond our block`,
      );
    case Step.Probe:
      return unavailable(
        'ERR_SCHEDHINT_BPF_REFUSED',
        `asking ${path} for its layout failed: ${said}`,
      );
    case Step.OpenThread:
      return unavailable(
        'ERR_SCHEDHINT_PIDFD_REFUSED',
        `pidfd_open(PIDFD_THREAD) failed: ${said}; it needs Linux >= 6.9 and a seccomp profile that allows it`,
      );
    case Step.Update:
      return unavailable(
        'ERR_SCHEDHINT_BIND_REFUSED',
        `BPF_MAP_UPDATE_ELEM on ${path} failed: ${said}`,
      );
    case Step.OtherLayout:
      return unavailable(
        'ERR_SCHEDHINT_MAP_IN_USE',
        `this process uses ${path} with another value layout already: an element holds one value, so use one layout for a map`,
      );
    case Step.Memory:
      return unavailable('ERR_SCHEDHINT_NO_MEMORY', `no block could be mapped: ${said}`);
    case Step.ThreadKey:
      return unavailable(
        'ERR_SCHEDHINT_NO_MEMORY',
        `this process has used up its thread-specific keys (pthread_key_create: ${said})`,
      );
    case Step.ThreadNotSeen:
      return waiting(
        'ERR_SCHEDHINT_WORKER_NOT_ATTACHED',
        'the worker has not attached yet: preload schedhint/register, or call attachThread() in it',
      );
    case Step.BrokerConnect:
      return waiting(
        'ERR_SCHEDHINT_BROKER_UNREACHABLE',
        `this process may not open ${path} itself, and connecting to the broker at ${broker} failed: ${said}; ${said === 'EACCES' ? 'let this user write to its socket' : 'start schedhint-broker'}`,
      );
    case Step.BrokerAsked:
      return waiting(
        'ERR_SCHEDHINT_BROKER_PENDING',
        `the broker at ${broker} has not answered yet`,
      );
    case Step.BrokerRefused:
      return detail === BrokerReason.OtherVersion
        ? explainVersion(broker, found)
        : explainRefusal(path, broker, detail);
    case Step.BrokerMemory:
      return unavailable(
        'ERR_SCHEDHINT_BROKER_MEMORY',
        `the broker needs the blocks in a memfd that has all its pages, and memfd_create(2) or fallocate(2) failed (${said}): ${said === 'EFBIG' ? 'raise RLIMIT_FSIZE (ulimit -f) to 64 KiB at least' : 'allow both in the seccomp profile'}`,
      );
    case Step.TldSharedPage:
      return unavailable(
        'ERR_SCHEDHINT_TLD_SHARED_PAGE',
        `${path} needs a page for each thread, and this thread shares its page, because it has attached to a map with a value of 24 bytes: restart the process`,
      );
    case Step.Delete:
      return waiting(
        'ERR_SCHEDHINT_UNBIND_REFUSED',
        `an old element, in the map at ${path} or in the one before it, could not be deleted (BPF_MAP_DELETE_ELEM: ${said}), and two programs must not write to one block: allow bpf(2) in the seccomp profile; it is tried again each second`,
      );
    case Step.TldInUse:
      return unavailable(
        'ERR_SCHEDHINT_TLD_IN_USE',
        detail === 0
          ? `the map at ${path} has task local data of this thread that is not schedhint's: C code in this process has attached the thread, or a program before an execve(2). Let only one of them use the map in a thread`
          : `the map at ${path} has had other task local data of this thread, of a channel with another path, and BPF programs remember its place: give all channels of a map the same path, and restart the process`,
      );
    default:
      return unavailable('ERR_SCHEDHINT_THREAD_ENDED', 'the thread has ended');
  }
}

/** The structs behind a map's pointers are not those of the application's layouts. */
export function mismatch(path: string, difference: string): Unbound {
  return unavailable(
    'ERR_SCHEDHINT_LAYOUT_MISMATCH',
    `the structs of the map at ${path} differ from this application's: ${difference}; write its layouts again with schedhint gen --map ${path}`,
  );
}

function explainOpen({ kind, map: path }: Asked, said: string): Unbound {
  const notBrokered = kind === 'uptr' ? '' : NOT_BROKERED;
  switch (said) {
    case 'ENOENT':
      return kind === 'layered' || kernelHasUptr()
        ? waiting(
            'ERR_SCHEDHINT_MAP_NOT_FOUND',
            `no map is pinned at ${path}: ${isThere(dirname(path)) ? 'start the scheduler' : 'mount bpffs there and start the scheduler'}, or name its pin in ${PIN_VARIABLE[kind]}${kind === 'uptr' ? '; to see hints without a scheduler: schedhint top --group GID' : ''}`,
          )
        : unavailable(
            'ERR_SCHEDHINT_UPTR_UNSUPPORTED',
            `this kernel has no __uptr (requires >= ${UPTR_SINCE}, running ${builtinModule('node:os').release()})`,
          );
    case 'EACCES':
      return mayBePin(path)
        ? unavailable(
            'ERR_SCHEDHINT_MAP_PERMISSION',
            `opening ${path} was refused (EACCES): let this user read and write the pin (by a group, mode 0660) and pass its directories${notBrokered}`,
          )
        : unavailable(
            'ERR_SCHEDHINT_NOT_A_PIN',
            `${path} is not a pinned map: it is a directory, or not on a bpffs`,
          );
    case 'EPERM':
    case 'ENOSYS':
      return unavailable(
        'ERR_SCHEDHINT_BPF_REFUSED',
        `bpf(BPF_OBJ_GET) was refused (${said}): the seccomp profile or the kernel's configuration forbids bpf(2)${notBrokered}`,
      );
    default:
      return unavailable('ERR_SCHEDHINT_NOT_A_PIN', `opening ${path} failed: ${said}`);
  }
}

function explainBrokersOpen(path: string, said: string): Unbound {
  return said === 'ENOENT'
    ? waiting(
        'ERR_SCHEDHINT_MAP_NOT_FOUND',
        `the broker finds no map at ${path}: start the scheduler`,
      )
    : unavailable('ERR_SCHEDHINT_NOT_A_PIN', `the broker could not open ${path}: ${said}`);
}

function explainRefusal(path: string, broker: string, reason: number): Unbound {
  const why = {
    [BrokerReason.MapNotOffered]: `it does not serve ${path}: start it with --map ${path}`,
    [BrokerReason.ForeignThread]: 'it says that the thread belongs to another process',
    [BrokerReason.NotAThread]: 'it says that the thread has ended',
    [BrokerReason.BadMemory]: "it does not accept the blocks' memfd",
    [BrokerReason.BadPointer]: 'it says that the blocks lie outside the memory that it has',
    [BrokerReason.Limit]:
      'a limit of pages, threads or connections is reached; it is asked again each second',
  }[reason];
  return {
    state: reason === BrokerReason.Limit ? 'waiting' : 'unavailable',
    code: 'ERR_SCHEDHINT_BROKER_REFUSED',
    reason: `the broker at ${broker} has refused: ${why ?? `reason ${reason}`}; its log says more`,
  };
}

function explainVersion(broker: string, itsVersion: number): Unbound {
  const older =
    itsVersion < BROKER_VERSION ? 'schedhint-broker' : 'the schedhint packages of this app';
  return waiting(
    'ERR_SCHEDHINT_BROKER_VERSION',
    `the broker at ${broker} speaks version ${itsVersion} of its protocol, and this process version ${BROKER_VERSION}: update ${older}; it is asked again each second`,
  );
}

function waiting(code: StatusCode, reason: string): Unbound {
  return { state: 'waiting', code, reason };
}

/** A status that lasts until somebody changes something. */
export function unavailable(code: StatusCode, reason: string): Unbound {
  return Object.freeze({ state: 'unavailable', code, reason });
}

function errnoName(errno: number): string {
  // The name that man pages use: uv's for 95 is ENOTSUP.
  return errno === 95 ? 'EOPNOTSUPP' : getSystemErrorName(-errno);
}

function kernelHasUptr(): boolean {
  let running: string;
  try {
    running = builtinModule('node:os').release();
  } catch {
    return true; // Deno does not say without --allow-sys; an old kernel has no such map either
  }
  const [major = 0, minor = 0] = running.split('.').map(Number);
  return major > 6 || (major === 6 && minor >= 13);
}

function isThere(directory: string): boolean {
  try {
    return existsSync(directory);
  } catch {
    return true; // the permission model does not let us look
  }
}

function mayBePin(path: string): boolean {
  const BPF_FS_MAGIC = 0xcafe4a11;
  try {
    return statfsSync(dirname(path)).type === BPF_FS_MAGIC && statSync(path).isFile();
  } catch {
    return true; // not even allowed to look: a matter of permission
  }
}

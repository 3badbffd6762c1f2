// Wraps the compiled addon in an API of objects: encodes requests as words of an Int32Array, and decodes the words that the addon
// fills in. Also starts the timer that polls for a map, after each attach and each status change.

import type { CompiledAddon } from './compiled.js';
import { environmentVariable } from './environment-variable.js';
import { watchingLoops } from './loop-watch.js';
import { glancing } from './map-poll-timer.js';
import type {
  Addon,
  ChannelKind,
  ChannelRequest,
  GcRequest,
  HelpersRequest,
  MapBtf,
  NativeStatus,
  Step,
} from './native.js';
import { meetingPool } from './pool-meeting-timer.js';

const KINDS: Record<ChannelKind, number> = { uptr: 0, layered: 1, tld: 2 };

/** By `enum bpf_cmd`. */
const COMMANDS: Record<number, MapBtf['call']> = {
  7: 'BPF_OBJ_GET',
  15: 'BPF_OBJ_GET_INFO_BY_FD',
  19: 'BPF_BTF_GET_FD_BY_ID',
};

/** The addon over what is compiled, which knows no objects. */
export function addonOver(compiled: CompiledAddon): Addon {
  const channels = new WeakMap<ChannelRequest, Int32Array>();
  const status = new Int32Array(10);
  const boundNs = new BigUint64Array(status.buffer, 32, 1);
  const glance = glancing(compiled);
  const meetPool = meetingPool(compiled);
  const findsHelpers = environmentVariable('SCHEDHINT_HELPERS') !== 'off';
  // Of the last request: each attach makes the same one.
  let helpers: { readonly request: HelpersRequest; readonly words: Int32Array } | undefined;
  return {
    ...compiled,
    ...watchingLoops(compiled),
    attach(request, threadId, ownThread, places) {
      let words = channels.get(request);
      if (words === undefined) {
        words = channelWords(request);
        channels.set(request, words);
      }
      const { map, broker } = request;
      const handle = compiled.attach(words, map, broker, threadId, ownThread, places);
      glance();
      return handle;
    },
    onStatusChange(callback, resource) {
      compiled.onStatusChange(() => {
        glance();
        meetPool();
        callback();
      }, resource);
      // No listener has been called for changes before this one.
      meetPool();
    },
    status(handle): NativeStatus {
      compiled.status(handle, status);
      return {
        step: status[0] as Step,
        errno: status[1]!,
        mapId: status[2]! >>> 0,
        detail: status[3]! >>> 0,
        found: status[4]! >>> 0,
        tid: status[5]!,
        viaBroker: status[6] === 1,
        boundNs: boundNs[0]!,
      };
    },
    findHelpers(handle, request) {
      if (!findsHelpers) return;
      if (helpers?.request !== request) helpers = { request, words: helpersWords(request) };
      compiled.findHelpers(handle, helpers.words);
      meetPool();
    },
    startGcHook: (handle, request) => compiled.startGcHook(handle, gcWords(request)),
    counts() {
      const counts = filled(8, compiled.counts);
      return {
        threads: counts[0]!,
        bindings: counts[1]!,
        bound: counts[2]!,
        mapsOpen: counts[3]!,
        pages: counts[4]!,
        blocksUsed: counts[5]!,
        blocksQuarantined: counts[6]!,
        blocksFree: counts[7]!,
      };
    },
    readMapBtf(path) {
      let btf = new ArrayBuffer(0);
      const head = filled(8, (words) => {
        btf = compiled.readMapBtf(path, words);
      });
      const [name] = Buffer.from(head.buffer, 16, 16).toString('latin1').split('\0', 1);
      return {
        call: COMMANDS[head[0]!] ?? '',
        errno: head[1]!,
        mapId: head[2]! >>> 0,
        mapName: name!,
        valueType: head[3]! >>> 0,
        btf: new Uint8Array(btf),
      };
    },
    refusedCalls() {
      const errors = filled(3, compiled.refusedCalls).map(Math.abs);
      return { bpf: errors[0]!, pidfdOpen: errors[1]!, memfdCreate: errors[2]! };
    },
  };
}

function channelWords(request: ChannelRequest): Int32Array {
  const { kind, valueSize, countSlot, countOffset, normalHint = 0, slots } = request;
  const words = [KINDS[kind], valueSize, countSlot, countOffset, normalHint];
  for (const { offset, size, owner, attachNs = -1, reader = -1 } of slots) {
    words.push(offset, size, owner === 'process' ? 1 : 0, attachNs, reader);
  }
  return Int32Array.from(words);
}

/** `struct schedhint_gc_layout` */
function gcWords(request: GcRequest): Int32Array {
  const { threadSlot, gc, count, sinceNs, expectUs, flags, liveFlag } = request;
  const { processSlot, processCount, hint, wide } = request;
  return Int32Array.of(
    ...[threadSlot, gc, count, sinceNs, expectUs, flags, liveFlag],
    ...[processSlot, processCount, hint, wide ? 1 : 0],
  );
}

/** `struct schedhint_helpers_layout` */
function helpersWords({ processSlot, flags, boundFlag, inheritFlag, same }: HelpersRequest) {
  return Int32Array.of(processSlot, flags, boundFlag, inheritFlag, ...same);
}

function filled(words: number, fill: (array: Int32Array) => void): Int32Array {
  const array = new Int32Array(words);
  fill(array);
  return array;
}

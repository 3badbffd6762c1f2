import { resolve } from 'node:path';
import type { ChannelRequest, Slot } from '@schedhint/native';
import { show, typeError } from './errors.js';
import { isStructLayout, type StructLayout } from './layout.js';
import { isScalarName, type ScalarType } from './scalars.js';
import { DEFAULT_BROKER, DEFAULT_PIN, processLayout, threadLayout } from './standard.js';
import type { ViewOf } from './view.js';

/**
 * The value of a task-storage map, in the order of its C struct: a layout stands for a `__uptr` to
 * such a struct, a scalar for plain data (which a client leaves 0), an object for a nested struct.
 */
export interface ValueShape {
  readonly [name: string]: StructLayout | ScalarType | ValueShape;
}

/** The views behind the pointers of a value. */
export type BlocksOf<V extends ValueShape> = {
  readonly [K in keyof V as V[K] extends ScalarType ? never : K]: V[K] extends StructLayout
    ? ViewOf<V[K]>
    : V[K] extends ValueShape
      ? BlocksOf<V[K]>
      : never;
};

/** A pointer of the value, and the way to its view in `thread.blocks`. */
export interface Pointer {
  readonly path: readonly string[];
  readonly layout: StructLayout;
}

/** How a map wants its hints. Made by {@link uptr}; any number of threads may use one. */
export interface Channel<Blocks = unknown> {
  readonly kind: 'uptr';
  /** Whether it carries the standard block: then a thread has `hints`, `feedback` and `gc`. */
  readonly standard: boolean;
  readonly request: ChannelRequest;
  readonly pointers: readonly Pointer[];
  /** Only for the type checker. */
  readonly blocks?: Blocks;
}

/** The raw views of the standard block. `thread.hints`, `feedback` and `gc` are the better door. */
export type StandardBlocks = BlocksOf<{
  thread: typeof threadLayout;
  process: typeof processLayout;
}>;

/** A channel with the standard block. */
export interface StandardChannel extends Channel<StandardBlocks> {
  readonly standard: true;
}

/**
 * A map with `__uptr` fields (Linux 6.13) and the standard block behind them.
 *
 * @param options.map path of the pinned map; by default `SCHEDHINT_MAP`, else {@link DEFAULT_PIN}
 * @param options.broker socket of the `schedhint-broker` to ask where the map may not be opened; by
 *   default `SCHEDHINT_BROKER`, else {@link DEFAULT_BROKER}; empty: none
 * @throws TypeError `ERR_OPTION` for a path that is none
 */
export function uptr(options?: {
  readonly map?: string;
  readonly broker?: string;
}): StandardChannel;
/**
 * A map with `__uptr` fields and a scheduler's own structs behind them.
 *
 * ```ts
 * uptr({ map: '/sys/fs/bpf/datamap', value: { udata: userData } });
 * ```
 *
 * @param options.map path of the pinned map; by default `SCHEDHINT_MAP`, else {@link DEFAULT_PIN}
 * @param options.broker socket of the `schedhint-broker` to ask where the map may not be opened; by
 *   default `SCHEDHINT_BROKER`, else {@link DEFAULT_BROKER}; empty: none
 * @param options.value the map's value: a layout for each pointer, see {@link ValueShape}
 * @throws TypeError `ERR_OPTION` for a path that is none, `ERR_LAYOUT` for a value without a pointer
 *   or with a struct of more than 4096 bytes
 */
export function uptr<const V extends ValueShape>(options: {
  readonly map?: string;
  readonly broker?: string;
  readonly value: V;
}): Channel<BlocksOf<V>>;
export function uptr(
  options: { readonly map?: string; readonly broker?: string; readonly value?: ValueShape } = {},
): Channel {
  if (typeof options !== 'object' || options === null) {
    throw typeError('ERR_OPTION', `uptr: expected an object, got ${show(options)}`);
  }
  const pin = { map: pathOf(options.map), broker: brokerOf(options.broker) };
  return options.value === undefined ? standardChannel(pin) : customChannel(pin, options.value);
}

/** Where a map is, and whom to ask for it. */
type Pin = Pick<ChannelRequest, 'map' | 'broker'>;

function pathOf(map: unknown): string {
  const path = map ?? (process.env.SCHEDHINT_MAP || DEFAULT_PIN);
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw typeError('ERR_OPTION', `map: expected the path of a pinned map, got ${show(path)}`);
  }
  return resolve(path);
}

function brokerOf(broker: unknown): string {
  const path = broker ?? process.env.SCHEDHINT_BROKER ?? DEFAULT_BROKER;
  if (typeof path !== 'string' || path.includes('\0')) {
    throw typeError('ERR_OPTION', `broker: expected the path of a socket, got ${show(path)}`);
  }
  return path === '' ? '' : resolve(path);
}

function offsetOf(layout: StructLayout, name: string): number {
  return layout.fields.find((field) => field.name === name)!.offset;
}

/** Offsets in the standard blocks that the GC hook writes to; its slots are the value's. */
export const standardGc = {
  threadSlot: 0,
  gc: offsetOf(threadLayout, 'gc'),
  count: offsetOf(threadLayout, 'gc_count'),
  sinceNs: offsetOf(threadLayout, 'gc_since_ns'),
  expectNs: offsetOf(threadLayout, 'gc_expect_ns'),
  flags: offsetOf(threadLayout, 'flags'),
  processSlot: 1,
  processCount: offsetOf(processLayout, 'gc_threads'),
} as const;

function standardChannel(pin: Pin): StandardChannel {
  const { request, pointers } = customChannel(pin, {
    thread: threadLayout,
    process: processLayout,
  });
  const slots = request.slots.map(
    (slot, i): Slot => (i === standardGc.processSlot ? { ...slot, owner: 'process' } : slot),
  );
  return Object.freeze({
    kind: 'uptr',
    standard: true,
    request: {
      ...request,
      slots,
      countSlot: standardGc.processSlot,
      countOffset: offsetOf(processLayout, 'js_threads'),
    },
    pointers,
  });
}

const POINTER_SIZE = 8;
const PAGE_SIZE = 4096;

function customChannel(pin: Pin, value: ValueShape): Channel {
  const slots: Slot[] = [];
  const pointers: Pointer[] = [];
  const { size } = layOut(value, 0, [], (offset, path, layout) => {
    if (layout.size > PAGE_SIZE) {
      throw typeError(
        'ERR_LAYOUT',
        `${path.join('.')}: ${layout.name} has ${layout.size} bytes; the kernel pins one page, 4096`,
      );
    }
    slots.push({ offset, size: layout.size, owner: 'thread' });
    pointers.push({ path, layout });
  });
  if (slots.length === 0) {
    throw typeError('ERR_LAYOUT', 'value: expected at least one struct for a __uptr to point to');
  }
  return Object.freeze({
    kind: 'uptr',
    standard: false,
    request: { ...pin, valueSize: size, slots, countSlot: -1, countOffset: 0 },
    pointers,
  });
}

type OnPointer = (offset: number, path: readonly string[], layout: StructLayout) => void;

/** Lays the value's struct out by C's rules from `base` on, which is aligned for it. */
function layOut(
  shape: ValueShape,
  base: number,
  path: readonly string[],
  onPointer: OnPointer,
): { size: number; align: number } {
  if (typeof shape !== 'object' || shape === null || Object.keys(shape).length === 0) {
    throw typeError(
      'ERR_LAYOUT',
      `${['value', ...path].join('.')}: expected a struct of structs, scalars and pointers, got ${show(shape)}`,
    );
  }
  let offset = 0;
  let align = 1;
  for (const [name, member] of Object.entries(shape)) {
    const memberPath = [...path, name];
    const bounds = isStructLayout(member)
      ? { size: POINTER_SIZE, align: POINTER_SIZE }
      : isScalar(member)
        ? member
        : layOut(member, 0, memberPath, () => {});
    offset = Math.ceil(offset / bounds.align) * bounds.align;
    if (isStructLayout(member)) onPointer(base + offset, memberPath, member);
    else if (!isScalar(member)) layOut(member, base + offset, memberPath, onPointer);
    offset += bounds.size;
    align = Math.max(align, bounds.align);
  }
  return { size: Math.ceil(offset / align) * align, align };
}

function isScalar(member: unknown): member is ScalarType {
  return (
    (member as ScalarType | null)?.kind === 'scalar' && isScalarName((member as ScalarType).name)
  );
}

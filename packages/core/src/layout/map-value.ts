// Computes the size of a map's value and the offsets of its __uptr pointers by C's
// rules, from a shape that nests layouts and plain data.

import { show, typeError } from '../errors.js';
import type { ScalarType } from './scalars.js';
import { isFieldType, isStructLayout } from './struct.js';
import type { ArrayType, Placed, StructLayout } from './types.js';

/** A member of a {@link ValueShape}. */
export type ValueMember =
  | StructLayout
  | ScalarType
  | ArrayType
  | ValueShape
  | Placed<StructLayout | ScalarType | ArrayType | ValueShape>;

/**
 * The value of a task-storage map, in the order of its C struct: a layout stands for a `__uptr` to
 * such a struct, a scalar or an array for plain data (which a client leaves 0), an object for a
 * nested struct, and `at()` for any of them at a place that C's rules would not give it.
 */
export interface ValueShape {
  readonly [name: string]: ValueMember;
}

/** A pointer of the value, and the way to its view in `thread.blocks`. */
export interface Pointer {
  readonly path: readonly string[];
  readonly layout: StructLayout;
}

/** Where a pointer lies. */
export interface PlacedPointer extends Pointer {
  /** bytes from the start of the value */
  readonly offset: number;
}

const POINTER_SIZE = 8;

/** Whether an object can be the value of a map: for what comes from anywhere. */
export function isValueShape(value: unknown): value is ValueShape {
  try {
    return pointersOf(value as ValueShape).pointers.length > 0;
  } catch {
    return false;
  }
}

/**
 * Lays the value's struct out by C's rules.
 *
 * @throws TypeError `ERR_SCHEDHINT_LAYOUT` for what is no value
 */
export function pointersOf(shape: ValueShape): {
  readonly size: number;
  readonly pointers: PlacedPointer[];
} {
  const pointers: PlacedPointer[] = [];
  const { size } = layOut(shape, [], (pointer) => pointers.push(pointer));
  return { size, pointers };
}

function layOut(
  shape: ValueShape,
  path: readonly string[],
  onPointer: (pointer: PlacedPointer) => void,
): { size: number; align: number } {
  if (typeof shape !== 'object' || shape === null || Object.keys(shape).length === 0) {
    throw typeError(
      'ERR_SCHEDHINT_LAYOUT',
      `${['value', ...path].join('.')}: expected a struct of structs, scalars and pointers, got ${show(shape)}`,
    );
  }
  let end = 0;
  let align = 1;
  for (const [name, placed] of Object.entries(shape)) {
    const memberPath = [...path, name];
    const isPlaced = (placed as Placed | null)?.kind === 'at' && Object.isFrozen(placed);
    const member = (isPlaced ? (placed as Placed).type : placed) as Exclude<ValueMember, Placed>;
    const inside: PlacedPointer[] = [];
    const bounds = isStructLayout(member)
      ? { size: POINTER_SIZE, align: POINTER_SIZE }
      : isFieldType(member)
        ? member
        : layOut(member as ValueShape, memberPath, (pointer) => inside.push(pointer));
    const next = Math.ceil(end / bounds.align) * bounds.align;
    const offset = isPlaced ? (placed as Placed).offset : next;
    if (!Number.isInteger(offset) || offset < end || offset % bounds.align !== 0) {
      throw typeError(
        'ERR_SCHEDHINT_LAYOUT',
        `${memberPath.join('.')}: expected an offset that is a multiple of ${bounds.align}, behind byte ${end}, got ${show(offset)}`,
      );
    }
    if (isStructLayout(member)) onPointer({ offset, path: memberPath, layout: member });
    for (const pointer of inside) onPointer({ ...pointer, offset: offset + pointer.offset });
    end = offset + bounds.size;
    align = Math.max(align, bounds.align);
  }
  return { size: Math.ceil(end / align) * align, align };
}

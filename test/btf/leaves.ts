// Enumerates the scalars and bit-fields of a layout, nested ones included, and gets and sets them in a view by their path.

import {
  bool,
  type Field,
  type FieldType,
  type ScalarType,
  type StructLayout,
} from '@schedhint/core';

/** A scalar or a bit-field somewhere in a struct. */
export interface Leaf {
  /** as C and JavaScript write it, but for arrays: `.a.b[2]` */
  readonly path: string;
  readonly type: ScalarType;
  /** bits of a bit-field */
  readonly width: number | undefined;
  /** bits from the start of the outermost struct */
  readonly bit: number;
}

/** All of a layout's, in their order. */
export function leavesOf(layout: StructLayout, path = '', base = 0): Leaf[] {
  return layout.fields.flatMap((field) => {
    const at = `${path}.${field.name}`;
    const bit = base + (field.bit ?? field.offset * 8);
    return field.type.kind === 'bits'
      ? [{ path: at, type: field.type.base, width: field.type.width, bit }]
      : leavesOfType(field.type, at, bit);
  });
}

function leavesOfType(type: FieldType, path: string, bit: number): Leaf[] {
  if (type.kind === 'scalar') return [{ path, type, width: undefined, bit }];
  if (type.kind !== 'array') return leavesOf(type, path, bit);
  return Array.from({ length: type.length }, (_, i) =>
    leavesOfType(type.element, `${path}[${i}]`, bit + i * type.element.size * 8),
  ).flat();
}

type Place = { get(): unknown; set(value: unknown): void };
type Indexed = { at(index: number): unknown; set(index: number, value: unknown): void };

/** A leaf's place in a view. */
export function placeIn(view: object, path: string): Place {
  const steps = [...path.matchAll(/\.(\w+)|\[(\d+)\]/g)];
  let at: unknown = view;
  for (const [, name, index] of steps.slice(0, -1)) {
    at =
      name === undefined
        ? (at as Indexed).at(Number(index))
        : (at as Record<string, unknown>)[name];
  }
  const [, name, index] = steps.at(-1)!;
  return name === undefined
    ? {
        get: () => (at as Indexed).at(Number(index)),
        set: (value) => (at as Indexed).set(Number(index), value),
      }
    : {
        get: () => (at as Record<string, unknown>)[name],
        set: (value) => {
          (at as Record<string, unknown>)[name] = value;
        },
      };
}

/** Whether a field is a bool, whose other bytes than 0 and 1 C leaves undefined. */
export function isBool(type: ScalarType): boolean {
  return type.name === bool.name;
}

export type { Field };

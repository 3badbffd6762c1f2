// Collects the enumerations and structs that layouts and map values depend on, in an order in which C can declare them.

import {
  type EnumType,
  type FieldType,
  isEnum,
  isStructLayout,
  type Member,
  type StructLayout,
  type ValueShape,
} from '@schedhint/core';

/** A value of a map, and the tag of its struct. */
export interface NamedValue {
  readonly name: string;
  /** the map, for the comment */
  readonly map: string;
  readonly shape: ValueShape;
}

/** What a module or a header declares, each before what uses it. */
export interface Declared {
  readonly enums: readonly EnumType[];
  readonly structs: readonly StructLayout[];
  readonly values: readonly NamedValue[];
}

/** All that layouts and values are made of, in a stable order: what is used before what uses it. */
export function declaredTypes(
  layouts: readonly StructLayout[],
  values: readonly NamedValue[],
  constants: readonly EnumType[] = [],
): Declared {
  const enums = new Set<EnumType>(constants);
  const structs = new Set<StructLayout>();
  const visitType = (type: FieldType) => {
    if (isStructLayout(type)) visit(type);
    else if (type.kind === 'array') visitType(type.element);
    else if (isEnum(type)) enums.add(type);
  };
  const visitMembers = (layout: StructLayout) => {
    for (const member of Object.values(layout.types)) {
      const type = unplaced(member);
      // An anonymous struct is declared where it stands.
      if (type.kind === 'anonymous') visitMembers(type.layout);
      else visitType(type.kind === 'bits' ? type.base : type);
    }
  };
  const visit = (layout: StructLayout) => {
    if (structs.has(layout)) return;
    visitMembers(layout);
    structs.add(layout);
  };
  for (const layout of layouts) visit(layout);
  for (const { shape } of values) for (const layout of layoutsOf(shape)) visit(layout);
  return { enums: [...enums], structs: [...structs], values };
}

/** A member without the place that it has been given. */
export function unplaced(member: Member) {
  return member.kind === 'at' ? member.type : member;
}

/** The layouts that a value points to. */
export function layoutsOf(shape: ValueShape): StructLayout[] {
  return Object.values(shape).flatMap((placed): StructLayout[] => {
    const member = placed.kind === 'at' && 'type' in placed ? placed.type : placed;
    if (isStructLayout(member)) return [member];
    const isPlain = typeof (member as { kind?: unknown }).kind === 'string';
    return isPlain ? [] : layoutsOf(member as ValueShape);
  });
}

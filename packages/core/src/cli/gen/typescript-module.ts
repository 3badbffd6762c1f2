// Generates the text of a TypeScript module: constants of enumerations, interfaces of views, and the calls of struct() and
// union() that define the layouts.

import {
  type EnumType,
  type Field,
  type FieldType,
  isEnum,
  isStructLayout,
  type Member,
  type StructLayout,
  struct,
  union,
  type ValueShape,
} from '@schedhint/core';
import type { Declared } from './declared-types.js';
import { type Expression, print } from './expression.js';
import { Identifiers } from './identifiers.js';

/** What a generated module imports from. */
const MODULE = `'schedhint/layout'`;

/** All that a generated module may import. */
const IMPORTS = (
  'type:ArrayView type:Layout type:ValueShape anonymous array at bits bool enumeration f32 f64 i8 ' +
  'i16 i32 i64 i64n struct u8 u16 u32 u64 u64n union'
)
  .split(' ')
  .map((name) => name.replace('type:', 'type '));

/** The text of a TypeScript module with layouts, the types of their views, and constants. */
export function typescriptModule(declared: Declared, comment: readonly string[]): string {
  return new Module(declared).text(comment);
}

class Module {
  readonly #declared: Declared;
  readonly #names = new Identifiers(IMPORTS.map((name) => name.replace('type ', '')));
  readonly #layouts = new Map<StructLayout, { value: string; type: string }>();
  readonly #enums = new Map<EnumType, { value: string; type: string }>();
  readonly #imports = new Set<string>();

  constructor(declared: Declared) {
    this.#declared = declared;
  }

  text(comment: readonly string[]): string {
    const { enums, structs, values } = this.#declared;
    const parts = [
      ...enums.map((type) => this.#enumText(type)),
      ...structs.map((layout) => this.#structText(layout)),
      ...values.map(({ name, map, shape }) => {
        this.#use('type ValueShape');
        const fields = print(this.#shape(shape), '', 0);
        return `/** The value of the map \`${map}\`: for \`uptr({ map, value })\`. */\nexport const ${this.#names.value(name)} = ${fields} as const satisfies ValueShape;\n`;
      }),
    ];
    const head = comment.map((line) => `// ${line}\n`).join('');
    return `${head}\n${this.#importText()}\n${parts.join('\n')}`;
  }

  #use(name: string): string {
    this.#imports.add(name);
    return name;
  }

  #importText(): string {
    const names = IMPORTS.filter((name) => this.#imports.has(name)).sort((a, b) =>
      compareNames(a.replace('type ', ''), b.replace('type ', '')),
    );
    const inline = `import { ${names.join(', ')} } from ${MODULE};\n`;
    if (inline.length <= 101) return inline;
    return `import {\n${names.map((name) => `  ${name},\n`).join('')}} from ${MODULE};\n`;
  }

  #enumText(type: EnumType): string {
    const name = this.#names.type(type.tag);
    const value = this.#names.value(type.tag);
    this.#enums.set(type, { value, type: name });
    const constants = Object.entries(type.constants)
      .map(([key, constant]) => `  ${key}: ${literal(constant)},\n`)
      .join('');
    const args = [`'${type.tag}'`, name, ...(type.name === 'u32' ? [] : [this.#use(type.name)])];
    const made: Expression = { call: this.#use('enumeration'), args };
    return `/** \`enum ${type.tag}\` */
export const ${name} = Object.freeze({
${constants}} as const);
export type ${name} = (typeof ${name})[keyof typeof ${name}];
${declaration(value, '', made)}`;
  }

  #structText(layout: StructLayout): string {
    const type = this.#names.type(layout.name);
    const value = this.#names.value(layout.name);
    this.#layouts.set(layout, { value, type });
    this.#use('type Layout');
    const accessors = layout.fields.map((field) => this.#accessor(field)).join('');
    return `/** \`${layout.kind} ${layout.name}\`, ${layout.size} bytes. */
export interface ${type} {
${accessors}}

/** The layout of {@link ${type}}. */
${declaration(value, `: Layout<${type}>`, this.#aggregate(layout))}`;
  }

  #accessor({ name, type, offset, bit }: Field): string {
    const base = type.kind === 'bits' ? type.base : type;
    const place = bit === undefined ? `offset ${offset}` : `bit ${bit}, ${bitsText(type)}`;
    const of = isEnum(base) ? `{@link ${this.#enums.get(base)!.type}}, ` : '';
    const comment = `  /** ${of}${place} */\n`;
    if (base.kind !== 'scalar') return `${comment}  readonly ${name}: ${this.#viewType(base)};\n`;
    const [read, write] = scalarTypes(base.name);
    return read === write
      ? `${comment}  ${name}: ${read};\n`
      : `${comment}  get ${name}(): ${read};\n  set ${name}(value: ${write});\n`;
  }

  #viewType(type: FieldType): string {
    if (isStructLayout(type)) return this.#layouts.get(type)!.type;
    if (type.kind === 'scalar') return scalarTypes(type.name)[0];
    this.#use('type ArrayView');
    const element = this.#viewType(type.element);
    const write = type.element.kind === 'scalar' ? scalarTypes(type.element.name)[1] : element;
    return element === write ? `ArrayView<${element}>` : `ArrayView<${element}, ${write}>`;
  }

  #aggregate(layout: StructLayout): Expression {
    const members = Object.entries(layout.types);
    const fields: Expression = {
      fields: members.map(([name, member]) => [name, this.#member(member)] as const),
    };
    const args: Expression[] = [`'${layout.name}'`, fields];
    // Padding at the end that C's rules alone would not make.
    if (layout.size !== naturalSize(layout)) args.push(`{ size: ${layout.size} }`);
    return { call: this.#use(layout.kind), args };
  }

  #member(member: Member): Expression {
    switch (member.kind) {
      case 'at': {
        const bit = member.bit === 0 ? [] : [String(member.bit)];
        const args = [String(member.offset), this.#member(member.type), ...bit];
        return { call: this.#use('at'), args };
      }
      case 'anonymous':
        return { call: this.#use('anonymous'), args: [this.#aggregate(member.layout)] };
      case 'bits':
        return { call: this.#use('bits'), args: [this.#member(member.base), String(member.width)] };
      case 'array':
        return {
          call: this.#use('array'),
          args: [this.#member(member.element), String(member.length)],
        };
      case 'scalar':
        return isEnum(member) ? this.#enums.get(member)!.value : this.#use(member.name);
      default:
        return this.#layouts.get(member)!.value;
    }
  }

  #shape(shape: ValueShape): Expression {
    const member = (it: ValueShape[string]): Expression => {
      if (it.kind === 'at' && 'type' in it) {
        const placed = it as { offset: number; type: ValueShape[string] };
        return { call: this.#use('at'), args: [String(placed.offset), member(placed.type)] };
      }
      return typeof it.kind === 'string'
        ? this.#member(it as Member)
        : this.#shape(it as ValueShape);
    };
    return { fields: Object.entries(shape).map(([name, it]) => [name, member(it)] as const) };
  }
}

function declaration(name: string, type: string, value: Expression): string {
  const head = `export const ${name}${type} = `;
  return `${head}${print(value, '', head.length + 1)};\n`;
}

function naturalSize({ kind, name, types }: StructLayout): number {
  return (kind === 'struct' ? struct : union)(name, types).size;
}

function bitsText(type: Field['type']): string {
  const width = type.kind === 'bits' ? type.width : 0;
  return width === 1 ? '1 bit' : `${width} bits`;
}

function scalarTypes(name: string): readonly [read: string, write: string] {
  if (name === 'i64' || name === 'u64') return ['bigint', 'number | bigint'];
  return name === 'bool' ? ['boolean', 'boolean'] : ['number', 'number'];
}

function literal(constant: number | bigint): string {
  return typeof constant === 'bigint' ? `${constant}n` : String(constant);
}

/** Capitals first, then numbers as numbers: as formatters sort imports. */
function compareNames(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true, caseFirst: 'upper' });
}

// Implements `schedhint gen`: writes a TypeScript module from the BTF of a pinned map, a BPF object or a BTF file, or a C header
// from the layouts that a module exports.

import { writeFileSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { type Btf, btfOfFile, btfOfPin, CLayouts, mapsOf, mapValueOf } from '@schedhint/core/btf';
import type { OptionValues } from '../arguments.js';
import { defineCommand } from '../command.js';
import { cHeader } from './c-header.js';
import { type Declared, declaredTypes, type NamedValue } from './declared-types.js';
import { layoutsOfModule } from './layout-module.js';
import { typescriptModule } from './typescript-module.js';

const OPTIONS = {
  map: { value: '<pin>', text: 'from the types of a pinned map (needs root)' },
  object: { value: '<file>', text: 'from a BPF object, X.bpf.o' },
  btf: { value: '<file>', text: 'from a BTF file, as in /sys/kernel/btf' },
  'map-name': {
    value: '<name>',
    text: 'with --object or --btf: this map alone, not all with __uptr fields',
  },
  struct: {
    value: '<name>',
    many: true,
    text: 'with --object or --btf: these structs, not what maps point to',
  },
  header: {
    value: '<module>',
    text: 'a C header from the layouts that a JavaScript or TypeScript module exports',
  },
  output: { value: '<file>', short: 'o', text: 'write there, not to standard output' },
} as const;

/** What `schedhint gen` was called with. */
type GenOptions = OptionValues<typeof OPTIONS>;

/** `schedhint gen`. */
export const command = defineCommand({
  name: 'gen',
  description: "Write a TypeScript module from a scheduler's structs, or a C header from a module.",
  options: OPTIONS,
  notes: `Examples:
  $ schedhint gen --object scheduler.bpf.o -o layouts.ts
  $ sudo schedhint gen --map /sys/fs/bpf/datamap -o layouts.ts
  $ schedhint gen --btf /sys/kernel/btf/vmlinux --struct rusage
  $ schedhint gen --header layouts.js -o layouts.h`,
  action: gen,
});

/** Writes a module or a header. @throws Error with a `code` and a message for the user */
async function gen(options: GenOptions): Promise<void> {
  const text = await generated(options);
  if (options.output === undefined) process.stdout.write(text);
  else writeFileSync(options.output, text);
}

async function generated(options: GenOptions): Promise<string> {
  const { map, object, btf, header, output } = options;
  const sources = [map, object, btf, header].filter((source) => source !== undefined);
  if (sources.length !== 1) {
    throw usage('give one of --map, --object, --btf and --header');
  }
  if ((map ?? header) !== undefined && (options['map-name'] ?? options.struct) !== undefined) {
    throw usage('--map-name and --struct go with --object or --btf');
  }
  if (header !== undefined) {
    const declared = await layoutsOfModule(header);
    const name = basename(output ?? header, extname(output ?? header));
    const guard = `${name.replaceAll(/[^A-Za-z0-9]/g, '_').toUpperCase()}_H`;
    return cHeader(declared, guard, madeBy(`--header ${basename(header)}`));
  }
  const declared =
    map !== undefined ? typesOfPin(map) : typesOfBtf(btfOfFile((object ?? btf)!), options);
  return typescriptModule(declared, madeBy(argumentsOf(options)));
}

function typesOfPin(pin: string): Declared {
  const { btf, mapName, valueType } = btfOfPin(pin);
  return declaredTypes([], [valueNamed(btf, new CLayouts(btf), mapName, valueType)]);
}

function typesOfBtf(btf: Btf, { 'map-name': mapName, struct, object }: GenOptions): Declared {
  const layouts = new CLayouts(btf);
  if (struct !== undefined) {
    return declaredTypes(
      struct.map((name) => layouts.structOf(structNamed(btf, name), name)),
      [],
    );
  }
  const maps = mapsOf(btf);
  if (mapName !== undefined) {
    const type = maps.get(mapName);
    if (type === undefined) {
      const known = [...maps.keys()].join(', ') || 'none';
      throw notFound(`there is no map ${mapName}; it has ${known}`);
    }
    return declaredTypes([], [valueNamed(btf, layouts, mapName, type)]);
  }
  const values = [...maps].flatMap(([name, type]) => {
    try {
      return [valueNamed(btf, layouts, name, type)];
    } catch (error) {
      // A map of something else: with its name it would be an error.
      if ((error as { code?: string }).code === 'ERR_SCHEDHINT_BTF_NOT_FOUND') return [];
      throw error;
    }
  });
  if (values.length === 0) {
    throw notFound(
      object === undefined
        ? 'no map with __uptr fields is in it: name structs with --struct'
        : 'no map of it has __uptr fields: name structs with --struct, and build it with clang >= 16',
    );
  }
  return declaredTypes([], values);
}

function valueNamed(btf: Btf, layouts: CLayouts, map: string, type: number): NamedValue {
  const { name, shape } = mapValueOf(btf, layouts, type, map);
  // A name from a hostile BTF must not end the comment that it is shown in.
  return { name, map: map.replaceAll(/\W/g, '?'), shape };
}

function structNamed(btf: Btf, name: string): number {
  const isAggregate = (kind: string) => kind === 'struct' || kind === 'union';
  const id = btf.named(name).find((candidate) => isAggregate(btf.resolve(candidate).type.kind));
  if (id === undefined) throw notFound(`there is no struct or union ${name}`);
  return id;
}

function argumentsOf({ map, object, btf, 'map-name': mapName, struct }: GenOptions): string {
  return [
    map === undefined ? '' : `--map ${map}`,
    object === undefined ? '' : `--object ${basename(object)}`,
    btf === undefined ? '' : `--btf ${btf}`,
    mapName === undefined ? '' : `--map-name ${mapName}`,
    struct === undefined ? '' : `--struct ${struct.join(' ')}`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function madeBy(options: string): string[] {
  // In a comment: a name of a file must not end it.
  const shown = options.replaceAll(/[^\w ./:@+-]/g, '?');
  return [`Made by: schedhint gen ${shown}`, 'Do not edit it: generate it again.'];
}

function usage(message: string): Error {
  return Object.assign(new Error(message), { code: 'ERR_SCHEDHINT_OPTION' });
}

function notFound(message: string): Error {
  return Object.assign(new Error(message), { code: 'ERR_SCHEDHINT_BTF_NOT_FOUND' });
}

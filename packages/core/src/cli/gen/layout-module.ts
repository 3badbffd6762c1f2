// Imports a user's module and collects the layouts, enumerations and map values that it exports, for `schedhint gen --header`.

import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type EnumType,
  isEnum,
  isStructLayout,
  isValueShape,
  type StructLayout,
  type ValueShape,
} from '@schedhint/core';
import { type Declared, declaredTypes, type NamedValue } from './declared-types.js';
import { snakeCase } from './identifiers.js';

/**
 * The layouts, enumerations and values of maps that a module exports.
 *
 * @throws Error `ERR_SCHEDHINT_OPTION` if it cannot be loaded, or exports none
 */
export async function layoutsOfModule(file: string): Promise<Declared> {
  const layouts: StructLayout[] = [];
  const enums: EnumType[] = [];
  const values: NamedValue[] = [];
  for (const [name, exported] of Object.entries(await load(file))) {
    if (isStructLayout(exported)) layouts.push(exported);
    else if (isEnum(exported)) enums.push(exported);
    else if (isValueShape(exported)) {
      const tag = snakeCase(name);
      values.push({ name: tag, map: tag, shape: exported as ValueShape });
    }
  }
  if (layouts.length + enums.length + values.length === 0) {
    throw refused(`${file} exports no layout made by struct() or union()`);
  }
  const declared = declaredTypes(layouts, values, enums);
  checkTags(declared);
  return declared;
}

/** In C structs, unions and enumerations have their names from one space. */
function checkTags({ structs, enums, values }: Declared): void {
  const seen = new Set<string>();
  const tags = [...enums.map(({ tag }) => tag), ...[...structs, ...values].map(({ name }) => name)];
  for (const tag of tags) {
    if (seen.has(tag)) throw refused(`two types are named ${tag}: C has one name for one type`);
    seen.add(tag);
  }
}

async function load(file: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(resolve(file)).href)) as Record<string, unknown>;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_UNKNOWN_FILE_EXTENSION') {
      throw refused(
        `Node.js ${process.version} cannot load ${file}: compile it to JavaScript first, or use Node.js >= 22.18, which loads TypeScript`,
      );
    }
    throw refused(`loading ${file} failed: ${message}`);
  }
}

function refused(message: string): Error {
  return Object.assign(new Error(message), { code: 'ERR_SCHEDHINT_OPTION' });
}

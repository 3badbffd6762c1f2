// Reads an addon's ELF file with readelf: needed libraries, symbol versions, exported symbols and the Node-API functions it uses.

import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';

const { symbols } = createRequire(import.meta.url)('node-api-headers');

const found = (text: string, pattern: RegExp): string[] => [
  ...new Set([...text.matchAll(pattern)].map(([, name]) => name!)),
];

/** An addon's file, as readelf sees it. */
export class Binary {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  read(...options: string[]): string {
    return execFileSync('readelf', ['-W', ...options, this.#file], { encoding: 'utf8' });
  }

  /** What stripping takes away. */
  symbolTables(): string[] {
    return found(this.read('--sections'), /\] \.(symtab|debug_info)\b/g);
  }

  /** The libraries that it asks the loader for. */
  needed(): string[] {
    return found(this.read('--dynamic'), /\(NEEDED\).*\[(.*)\]/g);
  }

  /** The versions of symbols that it asks for, such as GLIBC_2.28. */
  versions(): string[] {
    return found(this.read('--version-info'), /Name: (\w+_[\d.]+) /g);
  }

  /** The functions of Node-API that it calls. */
  nodeApi(): string[] {
    return found(this.read('--dyn-syms'), / UND (napi_\w+|node_api_\w+)/g);
  }

  /** Those of them that a version of Node-API does not have. */
  beyondNodeApi(most: number): string[] {
    const known = Object.entries<Record<string, string[]>>(symbols)
      .filter(([version]) => Number(version.slice(1)) <= most)
      .flatMap(([, { js_native_api_symbols, node_api_symbols }]) => [
        ...js_native_api_symbols!,
        ...node_api_symbols!,
      ]);
    return this.nodeApi().filter((name) => !known.includes(name));
  }

  exported(): string[] {
    const lines = this.read('--dyn-syms')
      .split('\n')
      .filter((line) => !line.includes(' UND '));
    return found(lines.join('\n'), / (?:GLOBAL|UNIQUE|WEAK) +DEFAULT +\d+ (\w+)/g).sort();
  }
}

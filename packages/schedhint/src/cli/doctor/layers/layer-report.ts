// Implements `schedhint doctor --layered`: reads the file and the mapping, and prints what judge-layers.ts says of them.

import { readFileSync } from 'node:fs';
import { countsOf, linesOf } from '../check-lines.js';
import { judgeLayers } from './judge-layers.js';
import { type Mapping, ranges, readMapping } from './mapping.js';

/** The options that say which numbers the app writes. */
export interface LayerOptions {
  readonly 'layered-gc'?: string | undefined;
  readonly 'layered-normal'?: string | undefined;
  readonly 'layered-urgency'?: string | undefined;
}

/**
 * Judges the layers in a file, as scx_layered reads it: `f:FILE`.
 *
 * @returns the exit code: 0 if nothing failed, else 1
 * @throws TypeError `ERR_SCHEDHINT_OPTION` for a file that cannot be read, and for an invalid number
 */
export function judgeLayerFile(file: string, options: LayerOptions, json: boolean): number {
  const given = {
    gc: options['layered-gc'],
    normal: options['layered-normal'],
    urgency: options['layered-urgency'],
  };
  const mapping = readMapping(given);
  const checks = judgeLayers(textOf(file), mapping);
  const ok = checks.every(({ state }) => state !== 'fail');
  const assumed = Object.values(given).every((option) => option === undefined);
  process.stdout.write(
    json
      ? `${JSON.stringify({ ok, layered: file, mapping, assumed, checks }, null, 2)}\n`
      : `schedhint doctor, for the layers in ${file}\n${shown(mapping, assumed)}\n\n${linesOf(checks)}\n${countsOf(checks)}\n`,
  );
  return ok ? 0 : 1;
}

/** As scx_layered does: what is not UTF-8 it does not read. */
function textOf(file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(file));
  } catch (error) {
    throw Object.assign(
      new TypeError(`--layered: cannot read ${file}: ${(error as Error).message}`),
      {
        code: 'ERR_SCHEDHINT_OPTION',
      },
    );
  }
}

function shown({ gc, normal, urgencies }: Mapping, assumed: boolean): string {
  const numbers = `${gc ?? 'none'} in a collection, ${ranges(urgencies) || 'none'} for an urgency, ${normal ?? 'none'} without a hint`;
  return assumed
    ? `numbers assumed, those of docs/channels.md: ${numbers}\n(others: --layered-gc, --layered-urgency, --layered-normal; the preload alone writes --layered-urgency 1-1024)`
    : `numbers that the app writes: ${numbers}`;
}

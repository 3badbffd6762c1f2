// Computes the size of a BTF type in bytes, and refuses sizes of 2 GiB or more, which only hostile BTF has.

import type { Btf } from './btf.js';
import { unsupported } from './format-error.js';
import { describe } from './kinds.js';

/** Bytes. A C object is smaller; BTF that says otherwise is hostile. */
const LARGEST = 2 ** 31;
const DEEPEST = 32;

/**
 * The size of a type: what `sizeof` says.
 *
 * @returns bytes
 * @throws Error `ERR_SCHEDHINT_BTF_UNSUPPORTED` for what has none, such as a function
 */
export function sizeOf(btf: Btf, id: number): number {
  let length = 1;
  let at = id;
  for (let depth = 0; depth < DEEPEST; depth++) {
    const { type } = btf.resolve(at);
    if (type.kind === 'array') {
      length *= type.length;
      at = type.type;
      continue;
    }
    const size = type.kind === 'ptr' ? btf.pointerSize : 'size' in type ? type.size : undefined;
    if (size === undefined) throw unsupported(describe(type), 'it has no size');
    if (length * size >= LARGEST) throw unsupported(describe(type), 'an array of 2 GiB or more');
    return length * size;
  }
  throw unsupported('an array', `more than ${DEEPEST} dimensions`);
}

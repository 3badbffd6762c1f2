// Checks the place that a view, or the arrays over a standard block, shall lie over.

import { types } from 'node:util';
import { rangeError, show, typeError } from '../errors.js';

/** Memory that views can lie over: a block's, or private. */
export type Buffer = ArrayBuffer | SharedArrayBuffer;

const { isAnyArrayBuffer } = types;

/**
 * Refuses a place that a view of `size` and `align` cannot lie over.
 *
 * @throws TypeError `ERR_SCHEDHINT_OPTION` if `buffer` is no buffer
 * @throws RangeError `ERR_SCHEDHINT_OPTION` if the offset is not aligned, or the bytes are not all there
 */
export function checkPlace(buffer: Buffer, byteOffset: number, size: number, align: number): void {
  // Not instanceof: a vm context has its own classes.
  if (!isAnyArrayBuffer(buffer)) {
    throw typeError('ERR_SCHEDHINT_OPTION', `expected an ArrayBuffer, got ${show(buffer)}`);
  }
  if (!Number.isInteger(byteOffset) || byteOffset < 0 || byteOffset % align !== 0) {
    throw rangeError(
      'ERR_SCHEDHINT_OPTION',
      `expected an offset that is a multiple of ${align}, got ${show(byteOffset)}`,
    );
  }
  if (byteOffset + size > buffer.byteLength) {
    throw rangeError(
      'ERR_SCHEDHINT_OPTION',
      `expected ${size} bytes at offset ${byteOffset}, the buffer has ${buffer.byteLength}`,
    );
  }
}

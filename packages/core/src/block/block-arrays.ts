// Keeps the three typed arrays over one standard block, shared by all views of a handle; point() moves them to another block.

import { type Buffer, checkPlace } from '../view/place.js';
import { THREAD_SIZE } from './abi.js';

/**
 * The typed arrays over a standard block, one set for all views of a handle: they are the largest
 * part of what an attached thread costs in JavaScript's heap. Never handed out. A view takes them
 * over, since each step on the way to an array is a load more for each access on Node.js 20.
 */
export class BlockWords {
  u16!: Uint16Array;
  u32!: Uint32Array;
  u64!: BigUint64Array;

  /** @throws TypeError / RangeError `ERR_SCHEDHINT_OPTION` if there is no room for a block */
  constructor(buffer: Buffer, byteOffset = 0) {
    this.point(buffer, byteOffset);
  }

  /** Over another block from now on; throws, and changes nothing, if there is no room for one. */
  point(buffer: Buffer, byteOffset: number): this {
    // Each of the views that share it is moved.
    if (this.u32?.buffer === buffer && this.u32.byteOffset === byteOffset) return this;
    checkPlace(buffer, byteOffset, THREAD_SIZE, BigUint64Array.BYTES_PER_ELEMENT);
    this.u16 = new Uint16Array(buffer, byteOffset, THREAD_SIZE / 2);
    this.u32 = new Uint32Array(buffer, byteOffset, THREAD_SIZE / 4);
    this.u64 = new BigUint64Array(buffer, byteOffset, THREAD_SIZE / 8);
    return this;
  }
}

/** The version of the standard blocks. A block whose `abi` is 0 holds nothing. */
export const ABI = 1;

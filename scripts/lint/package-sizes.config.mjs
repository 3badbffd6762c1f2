// How large the tarball of each package may be, in KB. What is built for a platform counts apart, because a checkout has it for some
// platforms only and a release has it for all. A limit leaves room for about a tenth more than there is.

/** @type {Readonly<Record<string, { base: number, eachPrebuild?: number, eachForMusl?: number }>>} */
export const limits = {
  '@schedhint/core': { base: 230 },
  '@schedhint/gc-hooks': { base: 8.2 },
  // For musl the addon has the C++ library in it.
  '@schedhint/native': { base: 42, eachPrebuild: 71, eachForMusl: 130 },
  '@schedhint/observer': { base: 70, eachPrebuild: 630 },
  schedhint: { base: 94 },
};

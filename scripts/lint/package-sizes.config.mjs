// How large the tarball of each package may be, in KB. What is built for a platform counts apart, because a checkout has it for some
// platforms only and a release has it for all. A limit leaves room for about a tenth more than there is. Half of what the JavaScript packages
// have is sources and source maps.

/** @type {Readonly<Record<string, { base: number, eachPrebuild?: number, eachForMusl?: number }>>} */
export const limits = {
  '@schedhint/core': { base: 400 },
  '@schedhint/gc-hooks': { base: 13 },
  // For musl the addon has the C++ library in it.
  '@schedhint/native': { base: 63, eachPrebuild: 80, eachForMusl: 150 },
  '@schedhint/observer': { base: 100, eachPrebuild: 630 },
  // Sources and licences; each prebuild has a program with libbpf, libelf and the C library in it, and an object with scx's types.
  '@schedhint/scheduler': { base: 150, eachPrebuild: 1120 },
  schedhint: { base: 440 },
};

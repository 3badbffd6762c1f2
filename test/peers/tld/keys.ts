// The values that the judge knows, by name and size. BPF programs can only look for names that they were compiled with.

/** A value's name, as a BPF program has it in its source, and its bytes. */
export interface Key {
  readonly name: string;
  readonly size: number;
}

const named = (name: string, size = 8): Key => ({ name, size });
const numbered = (prefix: string, count: number, size: number): Key[] =>
  Array.from({ length: count }, (_, i) => named(`${prefix}_${i}`, size));

/** The hints that one value each is looked at for. */
export const HINTS = ['urgency', 'batch', 'slice_us', 'deadline_ns', 'user', 'phase'].map((hint) =>
  named(`schedhint_${hint}`),
);

/** Of every kind of size: within a word, a word, more, with and without a rest. */
export const SIZES = [1, 2, 3, 4, 7, 8, 16, 24, 64, 100, 1000].map((size) =>
  named(`size_${size}`, size),
);

/** The most that a value can have, and a little less. The program takes none that ends where the page does. */
export const LIMITS = [4079, 4080, 4087, 4088].map((size) => named(`limit_${size}`, size));

/** As many as a process can have, and one more. */
export const MANY = numbered('many', 64, 4);

/** For keys that are created late. */
export const LATE = numbered('late', 9, 8);

/** The kernel takes any string. The last has as many bytes as a name can have. */
export const NAMES = [
  'n',
  'a-b.c d',
  'int',
  '12 monkeys',
  '%s\\n"quoted"',
  'tab\there',
  'größe-значение-大小',
  'k'.repeat(61),
  'm'.repeat(62),
].map((name) => named(name));

/** Of every length. */
export const LENGTHS = Array.from({ length: 62 }, (_, i) => named('l'.repeat(i + 1)));

export const OWN = named('own');
export const SHARED = named('shared');
export const NODE_ONLY = named('node_only');
export const KERNEL_ONLY = named('kernel_only');

export const KEYS: readonly Key[] = [
  ...HINTS,
  ...SIZES,
  ...LIMITS,
  ...MANY,
  ...LATE,
  ...NAMES,
  ...LENGTHS,
  OWN,
  SHARED,
  NODE_ONLY,
  KERNEL_ONLY,
];

/** A string as C source has it. */
export function cString(text: string): string {
  const bytes = [...Buffer.from(text)];
  // Octal has three digits at most, so what follows is never taken for a part of it.
  return `"${bytes.map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')}"`;
}

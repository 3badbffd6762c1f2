import { describe, expect, test } from 'vitest';
import { elfSection } from './elf.js';

interface Shape {
  readonly wide: boolean;
  readonly little: boolean;
  /** Numbers of sections too large for their 16 bits are in the first header. */
  readonly extended?: boolean;
  readonly flags?: number;
  readonly type?: number;
}

const CONTENTS = Uint8Array.of(1, 2, 3, 4, 5);

/** An ELF file with the sections '', '.strtab' and '.BTF'. */
function elf({ wide, little, extended = false, flags = 0, type = 1 }: Shape): Uint8Array {
  const names = new TextEncoder().encode('\0.strtab\0.BTF\0');
  const entry = wide ? 64 : 40;
  const start = wide ? 64 : 52;
  const namesAt = start + 3 * entry;
  const contentsAt = namesAt + names.length;
  const bytes = new Uint8Array(contentsAt + CONTENTS.length);
  const data = new DataView(bytes.buffer);
  const u16 = (at: number, value: number) => data.setUint16(at, value, little);
  const u32 = (at: number, value: number) => data.setUint32(at, value, little);
  const word = (at: number, value: number) =>
    wide ? data.setBigUint64(at, BigInt(value), little) : u32(at, value);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, little ? 1 : 2, 1]);
  word(wide ? 0x28 : 0x20, start);
  u16(wide ? 0x3a : 0x2e, entry);
  u16(wide ? 0x3c : 0x30, extended ? 0 : 3);
  u16(wide ? 0x3e : 0x32, extended ? 0xffff : 1);
  const section = (i: number, name: number, kind: number, at: number, size: number, link = 0) => {
    const header = start + i * entry;
    u32(header, name);
    u32(header + 4, kind);
    word(header + 8, i === 2 ? flags : 0);
    word(header + (wide ? 24 : 16), at);
    word(header + (wide ? 32 : 20), size);
    u32(header + (wide ? 40 : 24), link);
  };
  section(0, 0, 0, 0, extended ? 3 : 0, extended ? 1 : 0);
  section(1, 1, 3, namesAt, names.length);
  section(2, 9, type, contentsAt, CONTENTS.length);
  bytes.set(names, namesAt);
  bytes.set(CONTENTS, contentsAt);
  return bytes;
}

const malformed = (offset: number) =>
  expect.objectContaining({ code: 'ERR_SCHEDHINT_ELF', offset });

describe.each([
  [64, 'little'],
  [64, 'big'],
  [32, 'little'],
  [32, 'big'],
] as const)('%i bit, %s endian', (bits, order) => {
  const shape = { wide: bits === 64, little: order === 'little' };

  test('a section is found by its whole name', () => {
    for (const extended of [false, true]) {
      const file = elf({ ...shape, extended });
      expect(elfSection(file, '.BTF')).toEqual(CONTENTS);
      for (const name of ['.BT', '.BTF.ext', 'BTF', '.strta']) {
        expect(elfSection(file, name)).toBeUndefined();
      }
    }
  });

  test('one without bytes is invalid; a compressed one is refused', () => {
    expect(elfSection(elf({ ...shape, type: 8 }), '.BTF')).toBeUndefined();
    const header = (shape.wide ? 64 : 52) + 2 * (shape.wide ? 64 : 40);
    expect(() => elfSection(elf({ ...shape, flags: 1 << 11 }), '.BTF')).toThrow(malformed(header));
  });

  test('every cut is refused, and says where', () => {
    const whole = elf(shape);
    for (let length = 4; length < whole.length; length++) {
      expect(() => elfSection(whole.subarray(0, length), '.BTF'), String(length)).toThrow(
        expect.objectContaining({ code: 'ERR_SCHEDHINT_ELF', offset: expect.any(Number) }),
      );
    }
  });
});

test('what is not an ELF file is reported', () => {
  expect(() => elfSection(Uint8Array.of(1, 2, 3), '.BTF')).toThrow(malformed(0));
  const bytes = elf({ wide: true, little: true });
  bytes[5] = 3;
  expect(() => elfSection(bytes, '.BTF')).toThrow(malformed(5));
});

test('a file without sections has none', () => {
  const bytes = elf({ wide: true, little: true });
  bytes.fill(0, 0x28, 0x30);
  expect(elfSection(bytes, '.BTF')).toBeUndefined();
});

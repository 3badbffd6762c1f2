import { describe, expect, test } from 'vitest';
import { Blob } from '../../../../test/btf/blob.js';
import { CLayouts } from './bridge/c-layout.js';
import { mapsOf, mapValueOf } from './bridge/map-value.js';
import { Kind } from './kinds.js';
import { sizeOf } from './size.js';

const code = (name: string) => expect.objectContaining({ code: name });

// Each would take hours, or all memory, if it were followed as it is written.
describe('hostile shapes end soon', () => {
  test('typedefs in a circle, and a chain that is too long', () => {
    const blob = new Blob();
    blob.add(Kind.typedef, 'a', 2);
    blob.add(Kind.const, '', 1);
    for (let i = 0; i < 40; i++) blob.add(Kind.volatile, '', blob.typeCount);
    const btf = blob.btf();
    for (let id = 1; id < btf.typeCount; id++) {
      expect(() => btf.resolve(id)).toThrow(code('ERR_SCHEDHINT_BTF'));
      expect(() => new CLayouts(btf).structOf(id, 'x')).toThrow(code('ERR_SCHEDHINT_BTF'));
      expect(() => sizeOf(btf, id)).toThrow(code('ERR_SCHEDHINT_BTF'));
    }
  });

  test('a struct in itself, an array of itself', () => {
    const blob = new Blob();
    const self = blob.struct('self', 4, [['again', 1, 0]]);
    const array = blob.add(Kind.array, '', 0, [2, 2, 1]);
    const holder = blob.struct('holder', 4, [['a', array, 0]]);
    const btf = blob.btf();
    const layouts = new CLayouts(btf);
    for (const id of [self, holder]) {
      expect(() => layouts.structOf(id, 'x')).toThrow(code('ERR_SCHEDHINT_BTF_UNSUPPORTED'));
    }
    expect(() => sizeOf(btf, array)).toThrow(code('ERR_SCHEDHINT_BTF_UNSUPPORTED'));
    // The layouts are as good as before.
    const good = new Blob();
    const fine = good.struct('fine', 4, [['a', good.int('int', 4), 0]]);
    expect(new CLayouts(good.btf()).structOf(fine, 'fine').size).toBe(4);
  });

  test('unions that double at each level', () => {
    const blob = new Blob();
    let inner = blob.struct('u0', 4, [['a', blob.int('int', 4), 0]], { kind: Kind.union });
    for (let i = 1; i <= 30; i++) {
      const members = [
        ['a', inner, 0],
        ['b', inner, 0],
      ] as const;
      inner = blob.struct(`u${i}`, 4, members, { kind: Kind.union });
    }
    const btf = blob.btf();
    expect(() => new CLayouts(btf).structOf(inner, 'u')).toThrow(
      code('ERR_SCHEDHINT_BTF_UNSUPPORTED'),
    );
  });

  test('arrays of arrays of arrays', () => {
    const blob = new Blob();
    let inner = blob.int('int', 4);
    for (let i = 0; i < 30; i++) inner = blob.add(Kind.array, '', 0, [inner, inner, 0xffff_ffff]);
    const holder = blob.struct('holder', 4, [['a', inner, 0]]);
    const btf = blob.btf();
    expect(() => new CLayouts(btf).structOf(holder, 'x')).toThrow(
      code('ERR_SCHEDHINT_BTF_UNSUPPORTED'),
    );
    expect(() => sizeOf(btf, inner)).toThrow(code('ERR_SCHEDHINT_BTF_UNSUPPORTED'));
  });

  test('many types with one long name', () => {
    const blob = new Blob();
    const name = blob.name('x'.repeat(4096));
    for (let i = 0; i < 50_000; i++) blob.add(Kind.typedef, name, 1);
    const btf = blob.btf();
    expect(btf.typeCount).toBe(50_001);
    expect(btf.named('y')).toEqual([]);
  });

  test('a value whose structs double at each level', () => {
    const blob = new Blob();
    let inner = blob.struct('s0', 0, []);
    for (let i = 1; i <= 60; i++)
      inner = blob.struct(`s${i}`, 0, [
        ['a', inner, 0],
        ['b', inner, 0],
      ]);
    const btf = blob.btf();
    expect(() => mapValueOf(btf, new CLayouts(btf), inner, 'm')).toThrow(
      code('ERR_SCHEDHINT_BTF_NOT_FOUND'),
    );
    expect(mapsOf(btf).size).toBe(0);
  });

  test('anonymous structs of anonymous structs', () => {
    const blob = new Blob();
    let inner = blob.struct('', 0, [['x', blob.int('int', 4), 0]]);
    for (let i = 0; i < 6; i++) {
      inner = blob.struct('', 0, Array(500).fill(['', inner, 0]));
    }
    const btf = blob.btf();
    const layouts = new CLayouts(btf);
    expect(() => mapValueOf(btf, layouts, inner, 'm')).toThrow(
      code('ERR_SCHEDHINT_BTF_UNSUPPORTED'),
    );
    expect(() => layouts.structOf(inner, 'x')).toThrow(code('ERR_SCHEDHINT_BTF_UNSUPPORTED'));
  });

  test('many anonymous members, many structs of one name', () => {
    const blob = new Blob();
    const int = blob.int('int', 4);
    const parts = Array.from({ length: 20_000 }, (_, i) =>
      blob.struct('s', 4, [[`f${i}`, int, 0]]),
    );
    const whole = blob.struct(
      'whole',
      80_000,
      parts.map((part, i) => ['', part, i * 32] as const),
    );
    const layout = new CLayouts(blob.btf()).structOf(whole, 'whole');
    expect(layout.fields).toHaveLength(20_000);
    expect(layout.fields.at(-1)).toMatchObject({ name: 'f19999', offset: 79_996 });
  });

  test('names that would be code in a generated module', () => {
    const name = 'x; process.exit(); //';
    const blob = new Blob();
    const int = blob.int('int', 4);
    const data = blob.struct(name, 4, [['a', int, 0]]);
    const bad = blob.struct('bad', 4, [[name, int, 0]]);
    const tag = (pointee: number) =>
      blob.add(Kind.ptr, '', blob.add(Kind.typeTag, 'uptr', pointee));
    const value = blob.struct('value', 8, [['p', tag(data), 0]]);
    const badValues = [name, '__proto__'].map((it) => blob.struct('v', 8, [[it, tag(data), 0]]));
    const mode = blob.add(Kind.enum, 'mode', 4, [blob.name(name), 1], { length: 1 });
    const badEnum = blob.struct('holder', 4, [['mode', mode, 0]]);
    const btf = blob.btf();
    const layouts = new CLayouts(btf);
    expect(mapValueOf(btf, layouts, value, 'm').shape.p).toMatchObject({
      name: 'x__process_exit______',
    });
    for (const id of [bad, badEnum]) {
      expect(() => layouts.structOf(id, 'x')).toThrow(code('ERR_SCHEDHINT_BTF_UNSUPPORTED'));
    }
    for (const id of badValues) {
      expect(() => mapValueOf(btf, layouts, id, 'm')).toThrow(
        code('ERR_SCHEDHINT_BTF_UNSUPPORTED'),
      );
    }
  });

  test('the same with a pointer at the bottom, and a value in itself', () => {
    const blob = new Blob();
    const data = blob.struct('data', 4, [['a', blob.int('int', 4), 0]]);
    const pointer = blob.add(Kind.ptr, '', blob.add(Kind.typeTag, 'uptr', data));
    let inner = blob.struct('s0', 8, [['p', pointer, 0]]);
    for (let i = 1; i <= 30; i++)
      inner = blob.struct(`s${i}`, 8, [
        ['a', inner, 0],
        ['b', inner, 0],
      ]);
    const self = blob.typeCount + 1;
    blob.struct('self', 8, [
      ['p', pointer, 0],
      ['again', self, 0],
    ]);
    const btf = blob.btf();
    for (const id of [inner, self]) {
      expect(() => mapValueOf(btf, new CLayouts(btf), id, 'm')).toThrow(
        code('ERR_SCHEDHINT_BTF_UNSUPPORTED'),
      );
    }
  });
});

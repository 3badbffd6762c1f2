import { expect, test } from 'vitest';
import { proseOf, stringsOf } from '../../scripts/lint/prose.mjs';

test('of a program, the comments and strings', () => {
  const program = [
    'const inCode = /"in a pattern"/;',
    '// in a comment that goes',
    '// on',
    "call('in a string', `and a template`); /* in another",
    ' * comment */',
  ];
  const prose = proseOf('program.mjs', program.join('\n'));
  expect(prose).not.toContain('in a pattern');
  expect(prose).not.toContain('const');
  for (const text of [
    'in a comment that goes on',
    'in a string',
    'and a template',
    'in another comment',
  ])
    expect(prose).toContain(text);
});

test("a C++ number's apostrophe begins no string", () => {
  expect(proseOf('a.cc', "int a = 1'000; f(); int b = 2'000; // why")).not.toContain('f()');
});

test('of a page, all', () => {
  expect(proseOf('page.md', 'one\ntwo')).toBe('one two');
});

test('of a program, the strings that have a space', () => {
  const program = "// in a comment\nimport 'x';\nfail(`no map:\n  start`, 'one');\n";
  expect(stringsOf('a.ts', program)).toEqual([{ line: 3, text: 'no map: start' }]);
  expect(stringsOf('page.md', "'not a program'")).toEqual([]);
});

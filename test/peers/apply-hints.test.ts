import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import {
  ApplyError,
  applyHints,
  type Edit,
  editedFiles,
  editsOf,
  SCHEDULERS,
} from '../../integrations/scx/apply.mjs';

const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

function folder(files: Record<string, string>): string {
  const dir = mkdtempSync(join(tmpdir(), 'schedhint-apply-'));
  dirs.push(dir);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    writeFileSync(join(dir, file), text);
  }
  return dir;
}

const C = `/* a() { x = 1; } in a comment */
static u64 a(void);
static u64 a(void)
{
	/* x = 1; */
	x = 1;
	s = "}";
}

void OPS(b, struct task *p)
{
	if (x)
		x = 1;
	a();
	a();
}
`;

const RUST = `impl<'a> Scheduler<'a> {
    fn init(x: &'a [u8; 4]) -> Self {
        let c = '{';
        load(x, r#"}"#);
    }
}
impl Drop for Scheduler<'_> {
    fn drop(&mut self) {
        load(1);
    }
}
`;

/** Applies edits of one file to a text. */
function edited(source: string, edits: Omit<Edit, 'file'>[], file = 'a.c') {
  return editedFiles(
    edits.map((edit) => ({ file, ...edit })),
    folder({ [file]: source }),
  ).files.get(file);
}

test('lines go before and after the lines of an anchor, as far in as those, and in its place', () => {
  const text = edited(C, [
    { in: 'a', after: 'x = 1;', lines: ['after();', '', '\tdeeper();'] },
    { in: 'a', before: 's = ', lines: ['before();'] },
    { in: 'b', replace: '= 1', lines: ['= 2'] },
    { before: 'void OPS(', lines: ['new;'] },
  ]);
  expect(text).toBe(
    C.replace('\tx = 1;\n\ts', '\tx = 1;\n\tafter();\n\n\t\tdeeper();\n\tbefore();\n\ts')
      .replace('\t\tx = 1', '\t\tx = 2')
      .replace('void OPS', 'new;\nvoid OPS'),
  );
});

test('in Rust a function is where `fn` stands, and an impl is the whole of it', () => {
  const lines = ['here();'];
  expect(edited(RUST, [{ in: 'init', after: 'load(', lines }], 'a.rs')).toContain(
    '"#);\n        here();\n',
  );
  expect(
    edited(RUST, [{ in: "impl Drop for Scheduler<'_>", after: 'load(', lines }], 'a.rs'),
  ).toContain('load(1);\n        here();\n');
});

test.each<[string, Omit<Edit, 'file'>, string]>([
  ['a missing anchor', { in: 'a', after: 'y = 1;', lines: [] }, '"y = 1;" is not there in a'],
  ['one in another function', { in: 'b', after: 's = "}";', lines: [] }, 'is not there in b'],
  ['one in a comment', { after: 'in a comment', lines: [] }, '"in a comment" is not there'],
  [
    'one that is there twice',
    { in: 'b', after: 'a();', lines: [] },
    '"a();" is there 2 times in b',
  ],
  ['no function', { in: 'c', after: 'a();', lines: [] }, 'c is not there'],
  ['no anchor', { in: 'a', lines: [] }, 'it needs one of'],
  ['two anchors', { after: 'a();', before: 'a();', lines: [] }, 'it needs one of'],
])('%s is an error, which says where', (_, edit, message) => {
  expect(() => edited(C, [edit])).toThrow(
    new RegExp(`^a\\.c: .*${message.replace(/[()]/g, '\\$&')}`),
  );
});

test('a function that is defined twice, and edits that overlap, are errors', () => {
  const edit = { in: 'a', replace: 'x = 1', lines: ['y'] };
  expect(() => edited(C + C, [edit])).toThrow('a is there 2 times');
  expect(() => edited(C, [edit, { ...edit, replace: '= 1;' }])).toThrow(
    'two edits change the same text',
  );
});

test('one error says all that is wrong', () => {
  const wrong = { file: 'a.c', in: 'a', after: 'nothing', lines: [] };
  expect(() => editedFiles([wrong, { ...wrong, file: 'b.c' }], folder({ 'a.c': C }))).toThrow(
    /^a\.c: .*\nb\.c: no such file$/,
  );
});

/** A tree that has the edits' anchors and nothing else. */
function madeTree(edits: Edit[]): Record<string, string> {
  const files: Record<string, string> = {};
  for (const edit of edits) {
    const anchor = `${edit.after ?? edit.before ?? edit.replace}\n`;
    const opens = edit.file.endsWith('.rs') ? 'fn ' : 'void ';
    const text = files[edit.file] ?? '';
    const item = `${edit.in?.startsWith('impl') ? '' : opens}${edit.in}() {\n`;
    if (text.includes(anchor)) continue;
    files[edit.file] =
      edit.in === undefined
        ? anchor + text
        : text.includes(item)
          ? text.replace(item, () => item + anchor)
          : `${text}${item}${anchor}}\n`;
  }
  return files;
}

const contents = (dir: string) =>
  Object.fromEntries(
    readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => [
        join(parentPath, name),
        readFileSync(join(parentPath, name), 'utf8'),
      ]),
  );

const PRESENT = SCHEDULERS.filter((name) =>
  existsSync(new URL(`../../integrations/scx/${name}/edits.json`, import.meta.url)),
);

test.each(PRESENT)('%s: applied once, and refused a second time; fewer than 100 lines', (name) => {
  const { crate, version, edits } = editsOf(name);
  expect(crate).toBe(`scx_${name}`);
  expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  const dir = folder(madeTree(edits));
  const { edited, added } = applyHints(name, dir);
  expect(edited + added).toBeLessThan(100);
  expect(readFileSync(join(dir, 'src/bpf/schedhint/schedhint.bpf.h'), 'utf8')).toContain(
    'SCHEDHINT_MAP',
  );
  const before = contents(dir);
  expect(() => applyHints(name, dir)).toThrow('the edits are applied');
  expect(contents(dir)).toEqual(before);
});

test.each(PRESENT)('%s: changes nothing when one anchor of all is missing', (name) => {
  const { edits } = editsOf(name);
  for (const edit of edits) {
    const dir = folder({ ...madeTree(edits), [edit.file]: '' });
    const before = contents(dir);
    expect(() => applyHints(name, dir)).toThrow(ApplyError);
    expect(contents(dir)).toEqual(before);
  }
});

test('layered-leave: a separate patch, without headers, before or after that of the hints', () => {
  const both = ['layered-leave', 'layered'];
  const edits = both.flatMap((name) => editsOf(name).edits);
  const [one, other] = [both, both.toReversed()].map((names) => {
    const dir = folder(madeTree(edits));
    for (const name of names) applyHints(name, dir);
    return contents(dir);
  });
  expect(Object.values(one!)).toEqual(Object.values(other!));
  const dir = folder(madeTree(editsOf('layered-leave').edits));
  expect(applyHints('layered-leave', dir)).toMatchObject({ added: 0, shared: 0 });
  expect(existsSync(join(dir, 'src/bpf/schedhint'))).toBe(false);
  const before = contents(dir);
  expect(() => applyHints('layered-leave', dir)).toThrow(ApplyError);
  expect(contents(dir)).toEqual(before);
});

test('the program says what it inserted, and how it is used', () => {
  const program = 'integrations/scx/apply.mjs';
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  expect(run('lavd')).toMatchObject({ status: 2, stderr: expect.stringContaining('Usage:') });
  expect(run('lavd', folder({}))).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^nothing was changed:\n/),
  });
  expect(run('rusty', folder({}))).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('no scheduler rusty'),
  });
  if (PRESENT.length === 0) return;
  const dir = folder(madeTree(editsOf('lavd').edits));
  expect(run('lavd', dir)).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^lavd: \d+ lines inserted/),
  });
});

test('whatever stands around, a line goes into its function and all else stays', () => {
  // Pieces with braces and quotes where they count as nothing, and functions that have the anchor too.
  const noise = fc.constantFrom(
    '/* { "MARK(); */\n',
    "// it's } MARK();\n",
    'char c = \'{\', *s = "}\\"{ // MARK();";\n',
    'void target(void);\n',
    'void other(void)\n{\n\tMARK();\n\ttarget();\n\tif (target()) {\n\t\tMARK();\n\t}\n}\n',
    'struct s { int target; };\n',
    '#define M(x) do { x; } while (0)\n',
  );
  const inside = fc.constantFrom(
    '\tif (x) { y(); }\n',
    '\t/* } */\n',
    '\ts = "}{";\n',
    "\tc = '\\'';\n",
    '\n',
  );
  fc.assert(
    fc.property(
      fc.array(noise),
      fc.array(noise),
      fc.array(inside),
      fc.array(inside),
      (above, below, first, last) => {
        const part = (middle: string) =>
          `${above.join('')}void target(void)\n{\n${first.join('')}\tMARK();\n${middle}${last.join('')}}\n${below.join('')}`;
        expect(edited(part(''), [{ in: 'target', after: 'MARK();', lines: ['ours();'] }])).toBe(
          part('\tours();\n'),
        );
      },
    ),
  );
});

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readArguments } from './arguments.js';
import { defineCommand } from './command.js';

const OPTIONS = {
  map: { value: '<pin>', text: 'a pin' },
  output: { value: '<file>', short: 'o', text: 'a file' },
  struct: { value: '<name>', many: true, text: 'structs' },
  seconds: { value: '<n>', text: 'how long', default: '5' },
  json: { text: 'as JSON' },
} as const;

const read = (...args: string[]) => readArguments(OPTIONS, args);
const NOTHING = {
  map: undefined,
  output: undefined,
  struct: undefined,
  seconds: '5',
  json: false,
};

describe('arguments', () => {
  test('values, switches, short names, defaults', () => {
    expect(read()).toEqual(NOTHING);
    expect(read('--map', '/p', '--json')).toEqual({ ...NOTHING, map: '/p', json: true });
    expect(read('--map=/p')).toEqual({ ...NOTHING, map: '/p' });
    expect(read('-o', 'f')).toEqual({ ...NOTHING, output: 'f' });
    expect(read('-of')).toEqual({ ...NOTHING, output: 'f' });
    expect(read('--seconds', '1', '--seconds', '-2')).toEqual({ ...NOTHING, seconds: '-2' });
    expect(read('--map', '')).toEqual({ ...NOTHING, map: '' });
  });

  test('an option with several values', () => {
    expect(read('--struct', 'a', 'b', '--json', '--struct', 'c')).toEqual({
      ...NOTHING,
      struct: ['a', 'b', 'c'],
      json: true,
    });
  });

  test('help comes before what is wrong after it', () => {
    expect(read('--help', '--nonsense')).toBe(null);
    expect(read('-h')).toBe(null);
  });

  test.each([
    [['--mpa', 'x'], 'unknown option --mpa; did you mean --map?'],
    [['--second=1'], 'unknown option --second; did you mean --seconds?'],
    [
      ['--frobnicate'],
      'unknown option --frobnicate; there are --map, --output, --struct, --seconds, --json, --help',
    ],
    [['-x'], 'unknown option -x; there are --map, '],
    [['--constructor'], 'unknown option --constructor; '],
    [['--map'], '--map needs a value: <pin>'],
    [['--map', '--json'], '--map needs a value: <pin>'],
    [['-o', '-h'], '-o needs a value: <file>'],
    [['--json=yes'], '--json takes no value'],
    [['file'], 'unexpected argument "file"'],
    [['--map', 'x', 'y'], 'unexpected argument "y"'],
    [['--', 'x'], 'unexpected argument --'],
  ])('%j is refused', (args, message) => {
    expect(() => read(...args)).toThrow(
      expect.objectContaining({
        code: 'ERR_SCHEDHINT_OPTION',
        message: expect.stringContaining(message),
      }),
    );
  });

  test('a value that looks like an option can be given with =', () => {
    expect(read('--map=--json')).toEqual({ ...NOTHING, map: '--json' });
  });

  test('a required option', () => {
    const options = { pid: { value: '<pid>', text: 'the process', required: true } } as const;
    expect(readArguments(options, ['--pid', '7'])).toEqual({ pid: '7' });
    expect(() => readArguments(options, [])).toThrow('--pid <pid> is missing');
  });
});

describe('operands', () => {
  const options = { header: { value: '<h>', many: true, text: 'headers' } } as const;
  const readBoth = (...args: string[]) => readArguments(options, args, ['file', 'path']);

  test('in their order, anywhere between options', () => {
    const expected = { file: 'f', path: '/p' };
    expect(readBoth('f', '/p')).toEqual({ header: undefined, ...expected });
    expect(readBoth('--header', 'a', 'f', '--header=b', '/p')).toEqual({
      header: ['a', 'b'],
      ...expected,
    });
    expect(readBoth('--', 'f', '--p')).toEqual({ header: undefined, file: 'f', path: '--p' });
    expect(readBoth('f', '-h')).toBe(null);
  });

  test.each([
    [[], 'FILE is missing'],
    [['f'], 'PATH is missing'],
    [['f', '/p', 'x'], 'unexpected argument "x"'],
    [['f', '--haeder', 'x'], 'did you mean --header?'],
  ])('%j is refused', (args, message) => {
    expect(() => readBoth(...args)).toThrow(message);
  });
});

describe('a command', () => {
  const printed: string[] = [];
  beforeEach(() => {
    printed.length = 0;
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(`${text}`) > 0);
    vi.spyOn(console, 'error').mockImplementation((text) => printed.push(`error: ${text}`));
  });
  afterEach(() => vi.restoreAllMocks());

  const command = (action: () => Promise<number> | Promise<void>) =>
    defineCommand({
      name: 'try',
      description: 'Tries.',
      options: OPTIONS,
      notes: 'The end.',
      action,
    });

  test('exits as its action says', async () => {
    expect(await command(async () => {}).run([])).toBe(0);
    expect(await command(async () => 3).run([])).toBe(3);
    expect(printed).toEqual([]);
  });

  test('says in one line what failed, without control characters', async () => {
    const fails = command(async () => {
      throw Object.assign(new Error('no \x1b[2J'), { code: 'ERR_X' });
    });
    expect(await fails.run([])).toBe(1);
    expect(await fails.run(['--jsno'])).toBe(1);
    expect(printed).toEqual([
      'error: schedhint try: ERR_X: no ?[2J',
      'error: schedhint try: ERR_SCHEDHINT_OPTION: unknown option --jsno; did you mean --json?',
    ]);
  });

  test('has help with its operands', async () => {
    const operands = ['file', 'path'] as const;
    const action = async ({ file, path }: { file: string; path: string }) =>
      Number(file === 'f' && path === '/p');
    const given = { name: 'try', description: 'Tries.', options: {}, notes: '', operands, action };
    expect(await defineCommand(given).run(['f', '/p'])).toBe(1);
    await defineCommand(given).run(['-h']);
    expect(printed[0]).toMatch(/^Usage: schedhint try \[options\] FILE PATH\n/);
  });

  test('has help with all its options', async () => {
    expect(await command(async () => 3).run(['--help'])).toBe(0);
    const [text = ''] = printed;
    expect(text).toMatch(/^Usage: schedhint try \[options\]\n\nTries\.\n/);
    expect(text).toContain('-o, --output <file>');
    expect(text).toContain('--struct <name...>');
    expect(text).toContain('how long (default: 5)');
    expect(text).toContain('-h, --help');
    expect(text).toMatch(/\n\nThe end\.\n$/);
  });
});

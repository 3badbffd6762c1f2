// Reads a command's arguments with node:util, and says in plain words what is wrong with them.

import { parseArgs } from 'node:util';
import { nearestName, show, typeError } from '../errors.js';

/** One option of a command: with `value` it takes one, else it is a switch. */
export interface OptionDefinition {
  /** What it does, for the help. */
  readonly text: string;
  /** One letter. */
  readonly short?: string;
  /** What the help calls its value: `<file>`. */
  readonly value?: string;
  /** It takes one value or more. */
  readonly many?: true;
  /** The command cannot do without it. */
  readonly required?: true;
  /** Its value where it is not given. */
  readonly default?: string;
}

/** Options by their long names. */
export type OptionDefinitions = Readonly<Record<string, OptionDefinition>>;

/** What a command was called with. */
export type OptionValues<O extends OptionDefinitions> = {
  readonly [Name in keyof O]: O[Name] extends { readonly value: string }
    ? O[Name] extends { readonly many: true }
      ? readonly string[] | undefined
      : O[Name] extends { readonly required: true } | { readonly default: string }
        ? string
        : string | undefined
    : boolean;
};

/** The values of a command's operands, by their names. */
export type OperandValues<P extends readonly string[]> = { readonly [Name in P[number]]: string };

const HELP: OptionDefinition = { text: 'show this help', short: 'h' };

/** The options, and `--help`, which every command has. */
export function withHelp(options: OptionDefinitions): OptionDefinitions {
  return { ...options, help: HELP };
}

/**
 * What the arguments say; null: help is asked for.
 *
 * @param operands what must be there without an option, in this order
 * @throws TypeError `ERR_SCHEDHINT_OPTION`
 */
export function readArguments<
  const O extends OptionDefinitions,
  const P extends readonly string[] = [],
>(options: O, args: readonly string[], operands?: P): (OptionValues<O> & OperandValues<P>) | null {
  const names = operands ?? [];
  const given: string[] = [];
  const values = readOptions(options, args, names.length, given);
  if (values === null) return null;
  const missing = names[given.length];
  if (missing !== undefined) throw wrong(`${missing.toUpperCase()} is missing`);
  return Object.assign(
    values,
    Object.fromEntries(names.map((name, i) => [name, given[i]])) as OperandValues<P>,
  );
}

/** Puts at most so many arguments that belong to no option into `operands`. */
function readOptions<const O extends OptionDefinitions>(
  options: O,
  args: readonly string[],
  most: number,
  operands: string[],
): OptionValues<O> | null {
  const known = withHelp(options);
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(known).map(([name, { value, short }]) => [
        name,
        { type: value === undefined ? 'boolean' : 'string', ...(short && { short }) } as const,
      ]),
    ),
    strict: false, // its own messages are for programmers
    tokens: true,
  });
  const given = new Map<string, string[]>();
  let open: string[] | undefined;
  for (const token of tokens) {
    if (token.kind === 'option') {
      const { name, rawName, value, inlineValue } = token;
      const option = optionNamed(known, name, rawName);
      if (name === 'help') return null;
      const values = (option.many && given.get(name)) || [];
      values.push(valueIn(known, option, rawName, value, inlineValue === true));
      given.set(name, values);
      // Where there are operands, each value has the option's name before it.
      open = option.many && most === 0 ? values : undefined;
    } else if (token.kind === 'positional' && open !== undefined) {
      open.push(token.value);
    } else if (token.kind === 'positional' && operands.length < most) {
      operands.push(token.value);
    } else if (token.kind !== 'option-terminator' || most === 0) {
      throw wrong(
        `unexpected argument ${token.kind === 'positional' ? show(token.value) : '--'}; options begin with --`,
      );
    }
  }
  return Object.fromEntries(
    Object.entries(options).map(([name, option]) => [name, result(name, option, given.get(name))]),
  ) as OptionValues<O>;
}

function optionNamed(known: OptionDefinitions, name: string, rawName: string): OptionDefinition {
  if (Object.hasOwn(known, name)) return known[name]!;
  const names = Object.keys(known);
  const meant = rawName.startsWith('--') ? nearestName(name, names) : undefined;
  throw wrong(
    `unknown option ${rawName}; ${
      meant === undefined
        ? `there are ${names.map((one) => `--${one}`).join(', ')}`
        : `did you mean --${meant}?`
    }`,
  );
}

function valueIn(
  known: OptionDefinitions,
  option: OptionDefinition,
  rawName: string,
  value: string | undefined,
  inline: boolean,
): string {
  if (option.value === undefined) {
    if (inline) throw wrong(`${rawName} takes no value`);
    return '';
  }
  // The next option is more likely than a value that looks like it; with `--map=--pid` it can be said all the same.
  if (value === undefined || (!inline && isOption(known, value))) {
    throw wrong(`${rawName} needs a value: ${option.value}`);
  }
  return value;
}

function isOption(known: OptionDefinitions, text: string): boolean {
  return Object.entries(known).some(
    ([name, { short }]) => text.split('=')[0] === `--${name}` || text === `-${short}`,
  );
}

function result(name: string, option: OptionDefinition, values: string[] | undefined) {
  if (option.value === undefined) return values !== undefined;
  if (option.required && values === undefined) {
    throw wrong(`--${name} ${option.value} is missing`);
  }
  return option.many ? values : (values?.at(-1) ?? option.default);
}

function wrong(message: string): Error {
  return typeError('ERR_SCHEDHINT_OPTION', message);
}

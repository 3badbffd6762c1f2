// Writes the help of a command.

import { type OptionDefinition, type OptionDefinitions, withHelp } from './arguments.js';

const WIDTH = 80;

/** What `--help` prints. */
export function helpText(command: {
  readonly name: string;
  readonly operands?: readonly string[];
  readonly description: string;
  readonly options: OptionDefinitions;
  readonly notes: string;
}): string {
  const options = Object.entries(withHelp(command.options)).map(
    ([name, option]) => [flags(name, option), textOf(option)] as const,
  );
  const operands = (command.operands ?? []).map((name) => name.toUpperCase());
  return [
    ['Usage: schedhint', command.name, '[options]', ...operands].join(' '),
    '',
    ...wrapped(command.description, WIDTH),
    '',
    'Options:',
    twoColumns(options),
    '',
    command.notes,
    '',
  ].join('\n');
}

/** Names on the left, and what they mean on the right, in lines of at most 80 characters. */
export function twoColumns(rows: readonly (readonly [name: string, text: string])[]): string {
  const left = Math.max(...rows.map(([name]) => name.length)) + 4;
  return rows
    .flatMap(([name, text]) =>
      wrapped(text, WIDTH - left).map(
        (line, i) => (i === 0 ? `  ${name}` : '').padEnd(left) + line,
      ),
    )
    .join('\n');
}

function flags(name: string, { short, value, many }: OptionDefinition): string {
  const shown = many ? value?.replace('>', '...>') : value;
  return `${short === undefined ? '' : `-${short}, `}--${name}${shown === undefined ? '' : ` ${shown}`}`;
}

function textOf({ text, required, default: value }: OptionDefinition): string {
  if (required) return `${text} (required)`;
  return value === undefined ? text : `${text} (default: ${value})`;
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

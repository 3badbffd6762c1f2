// Makes a command of `schedhint` from its options and its action: it reads arguments, prints help, and turns an error into one line.

import {
  type OperandValues,
  type OptionDefinitions,
  type OptionValues,
  readArguments,
} from './arguments.js';
import { helpText } from './help.js';

/** One command of `schedhint`. */
export interface Command {
  /** Runs it. What goes wrong is said on standard error. @returns the exit code */
  run(args: readonly string[]): Promise<number>;
}

/** What a command is made of. */
export interface CommandDefinition<
  O extends OptionDefinitions,
  P extends readonly string[] = readonly string[],
> {
  readonly name: string;
  /** The names of the arguments that it must be given, without an option before them. */
  readonly operands?: P;
  /** One sentence, for the help. */
  readonly description: string;
  readonly options: O;
  /** What the help ends with. */
  readonly notes: string;
  /** Does it. @returns the exit code; by default 0 @throws Error with a message for the user, and a `code` */
  action(values: OptionValues<O> & OperandValues<P>): Promise<number> | Promise<void>;
}

/** A command. */
export function defineCommand<
  const O extends OptionDefinitions,
  const P extends readonly string[] = [],
>(definition: CommandDefinition<O, P>): Command {
  const { name, options, operands, action } = definition;
  return {
    async run(args) {
      try {
        const values = readArguments(options, args, operands);
        if (values !== null) return (await action(values)) ?? 0;
        process.stdout.write(helpText(definition));
        return 0;
      } catch (error) {
        console.error(failureLine(`schedhint ${name}`, error));
        return 1;
      }
    },
  };
}

/** An error as one line. */
export function failureLine(command: string, error: unknown): string {
  const { code, message } = error as Error & { code?: string };
  // Names of a hostile file are in it: no control characters to the terminal.
  const shown = message.replaceAll(/[\p{Cc}\p{Cf}]/gu, '?');
  return `${command}: ${code === undefined ? '' : `${code}: `}${shown}`;
}

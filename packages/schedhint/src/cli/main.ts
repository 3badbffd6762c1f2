// Runs the command line of `schedhint`: finds the package that has the command, and lets it read its own arguments.

import { readFileSync } from 'node:fs';
import { type Command, failureLine, nearestName, twoColumns } from '@schedhint/core/cli';
import { observerCommand } from './observer-command.js';

/** A command is loaded only when it runs. */
const COMMANDS: Readonly<Record<string, { summary: string; load(): Promise<Command> }>> = {
  check: {
    summary: "say where a process's time went, and what to do about it",
    load: async () => (await import('./check/command.js')).command,
  },
  doctor: {
    summary: "find why this user's hints are not being read, and print the fix",
    load: async () => (await import('./doctor/command.js')).command,
  },
  gen: {
    summary: "write a TypeScript module from a scheduler's structs, or a C header from a module",
    load: async () => (await import('@schedhint/core/gen')).command,
  },
  routes: {
    summary: 'show which rule of a config file a request matches, and what it gets',
    load: async () => (await import('./routes.js')).command,
  },
  top: {
    summary: 'show all threads of the host that give hints (root; needs @schedhint/observer)',
    load: () => observerCommand('top'),
  },
  trace: {
    summary:
      'record the hints and scheduling of a process as a timeline (root; needs @schedhint/observer)',
    load: () => observerCommand('trace'),
  },
  why: {
    summary: 'show what the threads of a process do, and what its stalls consist of',
    load: async () => (await import('./why/command.js')).command,
  },
};

const HELP = `Usage: schedhint COMMAND [options]

Scheduler hints for Node.js, through memory shared with a BPF program.

Commands:
${twoColumns(Object.entries(COMMANDS).map(([name, { summary }]) => [name, summary] as const))}

  schedhint COMMAND --help   shows the options of one
  schedhint --version        shows the version
`;

const [name, ...args] = process.argv.slice(2);
process.exitCode = await main(name, args);

/** @returns the exit code */
async function main(name: string | undefined, args: readonly string[]): Promise<number> {
  switch (name) {
    case undefined:
      process.stderr.write(HELP);
      return 1;
    case '--version':
    case '-V':
      process.stdout.write(`${version()}\n`);
      return 0;
    case 'help':
      if (args[0] !== undefined) return run(args[0], ['--help']);
      process.stdout.write(HELP);
      return 0;
    case '--help':
    case '-h':
      process.stdout.write(HELP);
      return 0;
    default:
      return run(name, args);
  }
}

async function run(name: string, args: readonly string[]): Promise<number> {
  const { load } = Object.hasOwn(COMMANDS, name) ? COMMANDS[name]! : {};
  if (load === undefined) {
    const names = Object.keys(COMMANDS);
    const meant = nearestName(name, names);
    const hint = meant === undefined ? `there are ${names.join(', ')}` : `did you mean ${meant}?`;
    const error = new Error(`unknown command ${JSON.stringify(name)}; ${hint}`);
    console.error(failureLine('schedhint', Object.assign(error, { code: 'ERR_SCHEDHINT_OPTION' })));
    return 1;
  }
  let command: Command;
  try {
    command = await load();
  } catch (error) {
    console.error(failureLine(`schedhint ${name}`, error));
    return 1;
  }
  return command.run(args);
}

function version(): string {
  const manifest = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

// Parses the benchmark's command line; exits with 2 and the usage if it is wrong.

import { parseArgs } from 'node:util';
import { groups } from './groups.js';

const USAGE = `Usage: npm run bench -- [options] [GROUP...]
Measures what hints cost beside everything else that could be used instead, and prints a table.

  --json        at the end, one line of JSON for each Node.js
  --node WHICH  all: 20, 22, 24 and 26 where they are installed (npm run setup -- --test); by default
                the one that runs this
  --short       checks only that every row can be measured and printed: its numbers mean nothing.
                Ends with N passed, N failed
  --write       puts the rows into the table of docs/performance.md
  --help

Groups: ${groups.map(({ name }) => name).join(', ')}; by default all.
`;

export interface Options {
  readonly json: boolean;
  readonly allNodes: boolean;
  readonly short: boolean;
  readonly write: boolean;
  readonly groups: readonly string[];
}

export function readOptions(): Options {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        json: { type: 'boolean' },
        node: { type: 'string' },
        short: { type: 'boolean' },
        write: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
    if (values.help) {
      process.stdout.write(USAGE);
      process.exit(0);
    }
    if (values.node !== undefined && values.node !== 'all') {
      throw new Error(`--node: expected all, got ${values.node}`);
    }
    const known = groups.map(({ name }) => name);
    const unknown = positionals.find((name) => !known.includes(name));
    if (unknown !== undefined) throw new Error(`there is no group ${unknown}`);
    return {
      // npm keeps an option to itself that stands before a --: npm run bench --json
      json: values.json ?? process.env.npm_config_json === 'true',
      allNodes: values.node === 'all',
      short: values.short ?? false,
      write: values.write ?? false,
      groups: positionals.length > 0 ? positionals : known,
    };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}

// Defines the demo's command-line options: usage text, defaults, and a parser that throws UsageError for invalid arguments.

import { parseArgs } from 'node:util';

/**
 * @typedef {object} Options
 * @property {number} seconds how long the app works
 * @property {boolean} json one JSON object instead of the table
 * @property {'auto' | 'embedded'} reader
 * @property {string} pin where the observer pins its map
 * @property {boolean} broker the app is to be bound by schedhint-broker
 * @property {string[]} under the command that runs the app
 */

export const USAGE = `Usage: npm run demo -- [options]

Starts the observer (a BPF program that reads hints and schedules nothing) and a Node.js app with
three workers that allocate, next to a process that needs the CPUs too. Shows what each side knows.

  --seconds N     how long the app works, 2 to 3600 (8)
  --json          one JSON object, the last line of stdout, instead of the live table
  --reader NAME   auto: BPF where it can be used (the default); embedded: a thread of the app itself
  --pin PATH      where the observer pins its map (/sys/fs/bpf/schedhint-demo-PID)
  --broker        let schedhint-broker bind the app, as where the app may not open the map
  --under COMMAND run the app by a command that takes its privileges away, for instance
                  "setpriv --reuid=65534 --regid=65534 --clear-groups"
  --help          this text

Ends with 0, with 130 after Ctrl-C, with 1 when a part of it failed.
`;

/** An argument that is unknown or invalid. */
export class UsageError extends Error {}

/**
 * @param {string[]} args
 * @returns {Options | 'help'}
 * @throws {UsageError}
 */
export function readOptions(args) {
  const values = parse(args);
  if (values.help) return 'help';
  const seconds = Number(values.seconds);
  if (!/^[0-9]+$/.test(values.seconds) || seconds < 2 || seconds > 3600) {
    throw new UsageError(
      `--seconds must be a whole number from 2 to 3600, not '${values.seconds}'`,
    );
  }
  const { reader } = values;
  if (reader !== 'auto' && reader !== 'embedded') {
    throw new UsageError(`--reader must be auto or embedded, not '${reader}'`);
  }
  const under = values.under.split(' ').filter((word) => word !== '');
  return { seconds, json: values.json, reader, pin: values.pin, broker: values.broker, under };
}

/** @param {string[]} args */
function parse(args) {
  try {
    return parseArgs({
      args,
      options: {
        seconds: { type: 'string', default: '8' },
        json: { type: 'boolean', default: false },
        reader: { type: 'string', default: 'auto' },
        // Another name than the default: the map of a real scheduler is not touched.
        pin: { type: 'string', default: `/sys/fs/bpf/schedhint-demo-${process.pid}` },
        broker: { type: 'boolean', default: false },
        under: { type: 'string', default: '' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error.message);
  }
}

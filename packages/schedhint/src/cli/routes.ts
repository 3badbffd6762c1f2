// Implements `schedhint routes`: shows which rule of a config file a request matches, and which hints it gets.

import { defineCommand } from '@schedhint/core/cli';
import { urgencyOf } from '@schedhint/core/thread';
import type { ConfigHints, RequestsConfig } from '../config/config.js';
import { readConfig } from '../config/read-config.js';
import { type Rule, Rules } from '../config/rules.js';

/** `schedhint routes`. */
export const command = defineCommand({
  name: 'routes',
  description: 'Show which rule of a config file a request matches, and which hints it gets.',
  operands: ['file', 'method', 'path'],
  options: {
    header: { value: '<name: value>', many: true, text: 'a header that the client sends' },
  },
  notes: `FILE is what SCHEDHINT_CONFIG names. Example:

  schedhint routes schedhint.json POST /checkout --header 'grpc-timeout: 50m'

Exit code 0: the file is valid; 1: it is not, and the message says where.`,
  async action({ file, method, path, header = [] }) {
    const { requests } = readConfig(file);
    const lines = explain(requests ?? {}, method.toUpperCase(), path, headersOf(header));
    if (requests === undefined || requests.enabled === false) {
      lines.push('note       requests are off in this file: SCHEDHINT_REQUESTS=1 turns them on');
    }
    process.stdout.write(`${lines.join('\n')}\n`);
  },
});

function explain(
  config: RequestsConfig,
  method: string,
  url: string,
  headers: Record<string, string>,
): string[] {
  const [path = ''] = url.split('?');
  const rules = new Rules(config);
  const rule = rules.ruleFor(method, path);
  return [
    `request    ${method} ${path}`,
    `rule       ${shownRule(rule, config)}`,
    `published  ${shownHints(rules.hintsBy(rule, { headers }))}`,
  ];
}

function shownRule(rule: Rule | undefined, { default: hints }: RequestsConfig): string {
  if (rule === undefined) return hints === undefined ? 'none' : '/requests/default';
  const { path, methods = ['any method'] } = rule.route;
  return `/requests/routes/${rule.index}: ${methods.join(', ')}, ${path}`;
}

function shownHints(hints: ConfigHints | null): string {
  if (hints === null) return 'nothing: the request is not tracked';
  const { urgency, deadlineMs } = hints;
  const shown = [
    urgency === undefined ? 'no urgency' : `urgency ${shownUrgency(urgency)}`,
    deadlineMs === undefined ? 'no deadline' : `deadline ${deadlineMs} ms after its beginning`,
  ];
  return shown.join(', ');
}

function shownUrgency(urgency: NonNullable<ConfigHints['urgency']>): string {
  const number = urgencyOf(urgency);
  return number === urgency ? `${number}` : `${number} (${urgency})`;
}

/** @throws Error `ERR_SCHEDHINT_OPTION` */
function headersOf(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
      if (name === undefined || value === undefined) {
        throw Object.assign(new Error(`--header: expected "name: value", got ${line}`), {
          code: 'ERR_SCHEDHINT_OPTION',
        });
      }
      return [name.trim().toLowerCase(), value.trimEnd()];
    }),
  );
}

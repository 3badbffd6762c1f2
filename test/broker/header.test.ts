// The headers of the broker's protocol, against what TypeScript has of them: names and numbers.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BROKER_VERSION, BrokerReason, Step } from '@schedhint/native';
import { expect, test } from 'vitest';
import { Kind, MAGIC } from './messages.js';

const include = fileURLToPath(new URL('../../abi/include', import.meta.url));
const headerOf = (name: string) => readFileSync(join(include, `schedhint/${name}.h`), 'utf8');

/** An enumeration's constants. */
function constantsOf(header: string, name: string): Record<string, number> {
  const code = headerOf(header).replace(/\/\*[\s\S]*?\*\//g, '');
  const body = new RegExp(`enum ${name}\\b[^{;]*\\{([^}]*)\\}`).exec(code)![1]!;
  const constants = body.split(',').map((one) => one.trim().split(/\s*=\s*/));
  return Object.fromEntries(
    constants.flatMap(([constant, value]) => (constant ? [[constant, Number(value)]] : [])),
  );
}

/** `mapNotOffered`, or `MapNotOffered`, as C names it. */
function cName(prefix: string, name: string): string {
  return `${prefix}_${name.replace(/(?<!^)[A-Z]/g, '_$&').toUpperCase()}`;
}

function inC(prefix: string, values: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [cName(prefix, name), value]),
  );
}

test('the steps', () => {
  const { Bound, ...failed } = Step;
  expect(constantsOf('schedhint_status', 'schedhint_step')).toEqual({
    SCHEDHINT_STEP_NONE: Bound,
    ...inC('SCHEDHINT_STEP', failed),
  });
});

test('the reasons of the broker', () => {
  expect(constantsOf('schedhint_broker', 'schedhint_broker_reason')).toEqual({
    // The broker itself refuses nothing here: an app is informed of the step.
    SCHEDHINT_BROKER_DONE: 0,
    SCHEDHINT_BROKER_KERNEL: 1,
    ...inC('SCHEDHINT_BROKER', BrokerReason),
  });
});

test('the kinds of messages, as the tests send them', () => {
  expect(constantsOf('schedhint_broker', 'schedhint_broker_kind')).toEqual(
    inC('SCHEDHINT_BROKER', Kind),
  );
  const magic = /#define SCHEDHINT_BROKER_MAGIC\s+(\w+)u/.exec(headerOf('schedhint_broker'))![1];
  expect(Number(magic)).toBe(MAGIC);
  const version = /#define SCHEDHINT_BROKER_VERSION\s+(\d+)/.exec(headerOf('schedhint_broker'))![1];
  expect(Number(version)).toBe(BROKER_VERSION);
});

test.runIf(process.platform === 'linux').each([
  ['cc', 'c', '-std=c11'],
  ['c++', 'c++', '-std=c++17'],
])('%s compiles them', (compiler, language, standard) => {
  const options = [standard, '-pedantic', '-Wall', '-Wextra', '-Werror', `-I${include}`];
  for (const header of ['schedhint_broker', 'schedhint_status']) {
    const input = `#include <schedhint/${header}.h>\n`;
    execFileSync(compiler, [...options, '-fsyntax-only', '-x', language, '-'], { input });
  }
});

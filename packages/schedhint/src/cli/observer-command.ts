// Finds the commands of the optional package @schedhint/observer, and says how to install it where it is missing.

import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from '@schedhint/core/cli';

/** What Node.js says where there is no such package, or one from before it had commands. */
const MISSING = ['MODULE_NOT_FOUND', 'ERR_PACKAGE_PATH_NOT_EXPORTED'];

/**
 * A command of that package, which is looked for from here and then from the working directory: with `npx` they may differ.
 *
 * @throws Error `ERR_SCHEDHINT_OBSERVER_PACKAGE` without the package
 */
export async function observerCommand(name: string): Promise<Command> {
  const file = find(import.meta.url) ?? findFrom(process.cwd());
  if (file !== null) {
    const { commands } = (await import(pathToFileURL(file).href)) as {
      commands: Readonly<Record<string, Command>>;
    };
    if (Object.hasOwn(commands, name)) return commands[name]!;
  }
  throw Object.assign(
    new Error('this needs the package @schedhint/observer: npm i @schedhint/observer@latest'),
    { code: 'ERR_SCHEDHINT_OBSERVER_PACKAGE' },
  );
}

function find(base: string): string | null {
  try {
    return createRequire(base).resolve('@schedhint/observer/cli');
  } catch (error) {
    if (MISSING.includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}

/** Root runs it, and may stand in a folder where everyone may write, such as /tmp: what a stranger put there does not count. */
function findFrom(folder: string): string | null {
  const file = find(join(folder, 'package.json'));
  if (file === null) return null;
  const trusted = [0, process.getuid?.(), statSync(folder).uid];
  return trusted.includes(statSync(file).uid) ? file : null;
}

// Runs calls.mjs in Deno under every subset of its permissions and compares the result with the expected one.

import { isDeepStrictEqual } from 'node:util';
import { printed, runNode } from './run-node.js';
import { subsets } from './subsets.js';

/** Every combination of Deno's permissions that hints could need. */
export const DENO_SUBSETS = subsets(['--allow-env', '--allow-ffi', '--allow-read', '--allow-sys']);

/**
 * Runs calls.mjs under the preload with some of them.
 *
 * @returns what was not as it should be; null: nothing
 */
export async function problemInDeno(
  deno: string,
  granted: readonly string[],
  directory: string,
): Promise<string | null> {
  const preload = ['--require', './node_modules/schedhint/dist/register.cjs'];
  const args = ['run', '--no-prompt', ...granted, ...preload, 'calls.mjs'];
  const ended = await runNode(args, { node: deno, cwd: directory, env: { NO_COLOR: '1' } });
  const mayLoad = granted.includes('--allow-ffi');
  const code = mayLoad ? 'ERR_SCHEDHINT_MAP_NOT_FOUND' : 'ERR_SCHEDHINT_ADDON_LOAD';
  const wanted = {
    source: 'none',
    urgency: 900,
    inFlight: 1,
    codes: [code, code, code],
    reason: mayLoad
      ? 'no map is pinned at /nonexistent/uptr'
      : 'Deno forbids addons: run it with --allow-ffi',
    warnings: mayLoad ? 0 : 1,
  };
  try {
    const { reason, ...told } = printed(ended);
    const warnings = ended.stderr.match(/\[SCHEDHINT_ADDON\]/g)?.length ?? 0;
    const beginning = String(reason).slice(0, wanted.reason.length);
    const seen = { ...told, reason: beginning, warnings };
    return isDeepStrictEqual(seen, wanted) ? null : JSON.stringify({ seen, wanted });
  } catch (error) {
    return String((error as Error).message);
  }
}

// Checks the JavaScript runtime, whether the addon is loaded, the source of collections, and whether a preload reaches workers.

import { type Check, fail, pass, skip, warn } from './check.js';
import { codeOf, type Patient } from './patient.js';

/** The checks of the runtime and the addon. */
export function runtimeChecks(patient: Patient): Check[] {
  return [node(patient), addon(patient)];
}

/** Where collections' hints come from, and which threads get them. */
export function reachChecks(patient: Patient): Check[] {
  return [collections(patient), workers(patient)];
}

function runtimeName(): string {
  const { bun, deno } = process.versions as Record<string, string | undefined>;
  if (bun !== undefined) return `Bun ${bun}`;
  if (deno !== undefined) return `Deno ${deno}`;
  return `Node.js ${process.version}`;
}

function node({ status }: Patient): Check {
  const name = runtimeName();
  if (codeOf(status) === 'ERR_SCHEDHINT_EXTERNAL_MEMORY') {
    return fail(
      'node',
      `${name} refuses memory from outside its heap (V8 sandbox): hints stay private`,
      'run a Node.js that was built without the sandbox',
    );
  }
  return pass('node', `${name}, ${process.arch}`);
}

function addon({ addon }: Patient): Check {
  if ('addon' in addon) return pass('addon', 'loaded');
  switch (addon.code) {
    case 'ERR_SCHEDHINT_DISABLED':
      return fail('addon', addon.reason, 'unset SCHEDHINT');
    case 'ERR_SCHEDHINT_PLATFORM_UNSUPPORTED':
      return fail('addon', addon.reason, 'run it on Linux: elsewhere hints go to private memory');
    case 'ERR_SCHEDHINT_ADDON_MISSING':
      return fail(
        'addon',
        addon.reason,
        'install @schedhint/native for this platform, or build it',
      );
    case 'ERR_SCHEDHINT_ADDON_LOAD':
      return fail(
        'addon',
        addon.reason,
        /--allow-addons/.test(addon.reason)
          ? 'add --allow-addons to the options of node'
          : 'install @schedhint/native again, for this platform and C library',
      );
  }
}

function collections({ source, addon }: Patient): Check {
  switch (source) {
    case 'v8':
      return pass('collections', "live, from V8's callbacks inside the pause");
    case 'perf_hooks':
      return warn(
        'collections',
        `${'addon' in addon ? "V8's callbacks are not available here" : 'there is no addon'}: perf_hooks reports counts and durations, after the fact`,
        'addon' in addon
          ? 'run the application with Node.js 20 to 26 to see its collections live'
          : 'fix the addon first',
      );
    case 'none':
      return warn(
        'collections',
        'this runtime does not report its collections: only hints that you set reach the scheduler',
        'run the application with Node.js 20 to 26 to see its collections',
      );
  }
}

const PRELOAD = "NODE_OPTIONS='--require schedhint/register'";

function workers({ workerReached }: Patient): Check {
  const options = process.env.NODE_OPTIONS ?? '';
  if (workerReached === null) {
    return skip('workers', 'no worker could be tried here');
  }
  if (workerReached) return pass('workers', 'a preload reaches workers, also eval workers');
  return /--import[ =]/.test(options)
    ? warn(
        'workers',
        '--import in NODE_OPTIONS does not reach workers made from a string (eval)',
        `use ${PRELOAD}`,
      )
    : warn(
        'workers',
        'no preload in NODE_OPTIONS: a worker has hints only if it attaches',
        `start the application with ${PRELOAD}`,
      );
}

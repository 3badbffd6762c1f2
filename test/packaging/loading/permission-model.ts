// Runs app.mjs under Node.js's permission model with chosen subsets of its grants
// and compares what the app sees with what is expected.

import { availableParallelism } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { printed, runNode } from './run-node.js';
import { subsets } from './subsets.js';

/** What the calls of the packages need. The others make no difference to them, so they are granted together or not. */
const OURS = ['--allow-addons', '--allow-fs-read', '--allow-worker'];

/** Node.js's permission model, as one version has it. */
export class PermissionModel {
  readonly #node: string;
  /** The option that turns it on. */
  readonly #option: string;
  /** The options that grant something. */
  readonly grants: readonly string[];

  private constructor(node: string, options: readonly string[]) {
    this.#node = node;
    this.#option = options.includes('--permission') ? '--permission' : '--experimental-permission';
    this.grants = options.filter((option) => option.startsWith('--allow-')).sort();
  }

  static async of(node: string): Promise<PermissionModel> {
    const program = 'console.log(JSON.stringify([...process.allowedNodeEnvironmentFlags]))';
    const { stdout } = await runNode(['-e', program], { node });
    return new PermissionModel(node, JSON.parse(stdout));
  }

  /** Of the permissions that the packages need every subset, with all others and with none of them. */
  someSubsets(): string[][] {
    const others = this.grants.filter((grant) => !OURS.includes(grant));
    return subsets(OURS).flatMap((ours) => [ours, [...ours, ...others]]);
  }

  /** 2,048 of them in Node.js 26. */
  everySubset(): string[][] {
    return subsets(this.grants);
  }

  /**
   * Runs app.mjs under the preload with each of these, as many at a time as there are CPUs.
   *
   * @param directory of the app
   * @returns what was not as it should be, a line each
   */
  async run(sets: readonly string[][], directory: string): Promise<string[]> {
    const wrong: string[] = [];
    const left = [...sets];
    const take = async () => {
      for (let granted = left.pop(); granted !== undefined; granted = left.pop()) {
        const options = this.#optionsFor(granted, directory);
        const args = [...options, '--require', 'schedhint/register', 'app.mjs'];
        const ended = await runNode(args, { node: this.#node, cwd: directory });
        const problem = problemOf(granted, () => printed(ended));
        if (problem !== null) wrong.push(`${options.join(' ')}: ${problem}`);
      }
    };
    await Promise.all(Array.from({ length: availableParallelism() }, take));
    return wrong;
  }

  /** Of `fs-read` and `fs-write` what is granted is a path: all paths here, without it the app's directory alone. */
  #optionsFor(granted: readonly string[], directory: string): string[] {
    const options = granted.map((grant) =>
      /-fs-(read|write)$/.test(grant) ? `${grant}=*` : grant,
    );
    const own = granted.includes('--allow-fs-read') ? [] : [`--allow-fs-read=${directory}/`];
    return ['--no-warnings', this.#option, ...options, ...own];
  }
}

/** What an app must see: hints work, in private memory at least, and the status says why. */
function problemOf(granted: readonly string[], look: () => Record<string, unknown>): string | null {
  const worker = granted.includes('--allow-worker') ? 'hinted' : 'forbidden';
  const wanted: Record<string, unknown> = granted.includes('--allow-addons')
    ? { source: 'v8', code: 'ERR_SCHEDHINT_MAP_NOT_FOUND', urgency: 950, worker }
    : {
        source: 'none',
        code: 'ERR_SCHEDHINT_ADDON_LOAD',
        reason: 'the permission model forbids addons: run node with --allow-addons',
        urgency: 950,
        worker,
        observers: 0,
        statusCalls: 0,
        statusIsSame: true,
      };
  try {
    const told = look();
    const seen = Object.fromEntries(Object.keys(wanted).map((name) => [name, told[name]]));
    return isDeepStrictEqual(seen, wanted) ? null : JSON.stringify({ seen, wanted });
  } catch (error) {
    return String((error as Error).message);
  }
}

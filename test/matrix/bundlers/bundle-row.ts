// A row of a bundler: both apps, as the documentation builds them, next to the installed @schedhint/native; and both
// with everything in the bundle, where there is no addon.

import { join } from 'node:path';
import { type KernelReader, type RowResult, runRow } from '../row.js';
import { APPS, type AppName, Deployment } from './deployment.js';
import { Workshop } from './workshop.js';

export interface BundleRow {
  /** As test/matrix/bundlers/package.json pins them. */
  readonly tools: readonly string[];
  /**
   * Builds an app, without a warning.
   *
   * @param output the directory for what is built
   * @param isPlain without settings for schedhint
   * @returns the program's path in `output`
   */
  readonly build: (
    workshop: Workshop,
    name: AppName,
    output: string,
    isPlain: boolean,
  ) => string | Promise<string>;
  /** What runs a program, by its absolute path; this Node.js if absent. */
  readonly command?: (program: string) => readonly string[];
  /** Of tools that are no packages. */
  readonly others?: string;
  /** Whether the recipe needs @schedhint/native next to the bundle; true if absent. */
  readonly needsPackage?: boolean;
}

export function runBundleRow(row: BundleRow): Promise<void> {
  return runRow((reader) => buildAndRun(row, reader));
}

const ofNode = (program: string) => [process.execPath, program];

async function buildAndRun(
  { tools, build, command = ofNode, others, needsPackage = true }: BundleRow,
  reader: KernelReader,
): Promise<RowResult> {
  const workshop = Workshop.create(tools);
  const [deployed, alone] = [new Deployment(), new Deployment()];
  try {
    for (const name of APPS) {
      const program = await build(workshop, name, `by-recipe-${name}`, false);
      deployed.add(join(workshop.path, `by-recipe-${name}`), name);
      if (needsPackage) {
        const native = 'node_modules/@schedhint/native';
        deployed.add(join(workshop.path, native), native);
      }
      await deployed.isSeen(reader, name, command(join(deployed.path, name, program)));
    }
    for (const name of APPS) {
      const program = await build(workshop, name, `plain-${name}`, true);
      alone.add(join(workshop.path, `plain-${name}`), name);
      await alone.endsWithReason(name, command(join(alone.path, name, program)));
    }
    return {
      versions: [workshop.versions, others ?? []].flat().join(', '),
      found:
        'as documented: urgency 900 and collections; nothing configured: no warning, and without an addon exit code 0 and the reason',
    };
  } finally {
    workshop.remove();
    deployed.remove();
    alone.remove();
  }
}

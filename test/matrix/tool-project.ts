// Creates a project with the packed tarballs, programs and tools installed, and selects the Node.js 24 that runs the tools.

import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Project } from '../packaging/install/project.js';
import { nodeBinaries } from '../packaging/node-versions/node-binaries.js';
import { InstalledTools } from './installed-tools.js';

/**
 * The packed tarballs, installed into a project that has some tools already.
 *
 * @param programs a directory whose files are copied into the project; `say.cjs` comes to them
 * @param versions of the tools, by the packages' names
 */
export function toolProject(programs: URL, versions?: Readonly<Record<string, string>>) {
  const tools = versions && InstalledTools.of(versions);
  const project = Project.create(programs, tools && { tools });
  cpSync(
    fileURLToPath(new URL('programs/say.cjs', import.meta.url)),
    join(project.path, 'say.cjs'),
  );
  return { tools, project };
}

/** What runs the tools: current versions of some need a newer Node.js than the one that runs the tests. */
export const toolsNode = nodeBinaries().find(({ version }) => version.startsWith('v24.'))!;

// Creates projects for the start rows: the packed tarballs, the programs of this
// folder and, optionally, tools such as test runners.

import { toolProject } from '../tool-project.js';

const PROGRAMS = new URL('programs', import.meta.url);

/** The packed tarballs in an empty project, with the programs of these rows. */
export const startProject = () => toolProject(PROGRAMS).project;

/** The same, next to tools that the project has asked for itself. */
export function startProjectWith(versions: Readonly<Record<string, string>>) {
  const { tools, project } = toolProject(PROGRAMS, versions);
  return { tools: tools!, project };
}

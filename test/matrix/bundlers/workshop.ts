// Where a row builds: an empty project with the packed tarballs, the row's tools and the two apps.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Project } from '../../packaging/install/project.js';

export class Workshop {
  readonly #project: Project;
  /** The tools and their versions. */
  readonly versions: string;

  private constructor(project: Project, tools: readonly string[]) {
    this.#project = project;
    this.versions = tools
      .map((tool) => {
        const { version } = JSON.parse(this.read(`node_modules/${tool}/package.json`));
        return `${tool} ${version}`;
      })
      .join(', ');
  }

  /**
   * @param tools names of packages that package.json in `pins` pins; the first are named in the result
   * @param programs a directory whose files are copied into it
   * @param pins by default the bundlers'
   */
  static create(
    tools: readonly string[],
    programs = new URL('programs', import.meta.url),
    pins = new URL('.', import.meta.url),
  ): Workshop {
    const project = Project.create(programs, { names: tools, pins });
    return new Workshop(project, tools);
  }

  get path(): string {
    return this.#project.path;
  }

  read(name: string): string {
    return readFileSync(join(this.path, name), 'utf8');
  }

  write(name: string, content: string): void {
    writeFileSync(join(this.path, name), content);
  }

  /** Runs a command of the shell. @returns what it said; throws unless it ended with 0 and without a warning */
  run(command: string, env: NodeJS.ProcessEnv = {}): string {
    const PATH = `${join(this.path, 'node_modules/.bin')}:${process.env.PATH}`;
    const { status, stdout, stderr } = spawnSync('bash', ['-c', command], {
      cwd: this.path,
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
      env: { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1', PATH, ...env },
    });
    const said = `${stdout}${stderr}`;
    if (status !== 0) throw new Error(`${command} ended with ${status}: ${said}`);
    if (/\bwarn(ing)?\b/i.test(said.replaceAll(OF_POSTJECT, '')))
      throw new Error(`${command} warns: ${said}`);
    return said;
  }

  remove(): void {
    this.#project.remove();
  }
} /** postject says so of each executable: it looks for sections that Node.js has without a name. */
const OF_POSTJECT = /^warning: Can't find string offset for section name '.*'$/gm;

// Packs the packages and installs the tarballs into a project in a temporary folder with npm, then runs npm and programs there.

import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pack } from '../../../scripts/pack.mjs';

/** What npm says of a tarball. */
export interface Tarball {
  readonly name: string;
  readonly path: string;
  readonly files: readonly string[];
}

/** An empty project somewhere else, into which the packed tarballs have been installed. */
export class Project {
  readonly path: string;
  readonly tarballs: readonly Tarball[];

  private constructor(path: string, tarballs: readonly Tarball[]) {
    this.path = path;
    this.tarballs = tarballs;
  }

  /**
   * Packs, and installs with the ordinary npm; the registry has what the packages depend on.
   *
   * @param programs a directory whose files are copied into the project
   * @param others.pins a directory whose package.json and package-lock.json say which versions of packages to install besides
   * @param others.names of these packages
   * @param others.tools what the project has installed before
   */
  static create(
    programs = new URL('programs', import.meta.url),
    others: {
      readonly pins?: URL;
      readonly names?: readonly string[];
      readonly tools?: { copyTo(folder: string): void };
    } = {},
  ): Project {
    const scratch = mkdtempSync(join(tmpdir(), 'schedhint-install-'));
    const tarballs = pack(join(scratch, 'tarballs')).map(({ name, filename, files }) => ({
      name,
      path: join(scratch, 'tarballs', filename),
      files: files.map(({ path }) => path),
    }));
    const project = new Project(join(scratch, 'app'), tarballs);
    cpSync(fileURLToPath(programs), project.path, { recursive: true });
    if (others.tools === undefined) {
      const { pins, names = [] } = others;
      const devDependencies = pins === undefined ? {} : project.#pin(names, pins);
      const manifest = { private: true, devDependencies };
      writeFileSync(join(project.path, 'package.json'), JSON.stringify(manifest));
    } else {
      others.tools.copyTo(project.path);
    }
    const paths = tarballs.map(({ path }) => path);
    project.npm('install', '--prefer-offline', '--no-audit', '--no-fund', ...paths);
    return project;
  }

  /** Copies the lock, of which npm drops what the project does not ask for. @returns the versions of the packages */
  #pin(names: readonly string[], pins: URL): Record<string, string> {
    copyFileSync(new URL('package-lock.json', pins), join(this.path, 'package-lock.json'));
    const manifest = readFileSync(new URL('package.json', pins), 'utf8');
    const { devDependencies } = JSON.parse(manifest);
    const versions = names.map((name) => [name, devDependencies[name]] as const);
    const unknown = versions.filter(([, version]) => version === undefined);
    if (unknown.length > 0) throw new Error(`not pinned: ${unknown.map(([name]) => name)}`);
    return Object.fromEntries(versions);
  }

  /** Runs npm in it. @returns its stdout; throws unless it exits with 0 */
  npm(...args: string[]): string {
    const { stdout, stderr, status } = spawnSync('npm', args, { cwd: this.path, encoding: 'utf8' });
    if (status !== 0) throw new Error(`npm ${args[0]} exited with ${status}: ${stderr}`);
    return stdout;
  }

  /** Runs a program in it. @returns its stdout; throws unless it exits with 0 and no word on stderr */
  run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
    const { stdout, stderr, status } = spawnSync(command, args, {
      cwd: this.path,
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '', ...env },
    });
    if (status !== 0 || stderr !== '') {
      throw new Error(`${command} ${args.join(' ')} exited with ${status}: ${stdout}${stderr}`);
    }
    return stdout;
  }

  remove(): void {
    rmSync(join(this.path, '..'), { recursive: true, force: true });
  }
}

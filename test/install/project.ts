import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pack } from '../../scripts/pack.mjs';

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
   * @param others packages to install besides, as npm names them
   * @param tools what the project has installed before
   */
  static create(
    programs = new URL('programs', import.meta.url),
    others: readonly string[] = [],
    tools?: { copyTo(folder: string): void },
  ): Project {
    const scratch = mkdtempSync(join(tmpdir(), 'schedhint-install-'));
    const tarballs = pack(join(scratch, 'tarballs')).map(({ name, filename, files }) => ({
      name,
      path: join(scratch, 'tarballs', filename),
      files: files.map(({ path }) => path),
    }));
    const project = new Project(join(scratch, 'app'), tarballs);
    cpSync(fileURLToPath(programs), project.path, { recursive: true });
    if (tools === undefined) {
      writeFileSync(join(project.path, 'package.json'), '{ "private": true }\n');
    } else {
      tools.copyTo(project.path);
    }
    const paths = tarballs.map(({ path }) => path);
    project.npm('install', '--prefer-offline', '--no-audit', '--no-fund', ...paths, ...others);
    return project;
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

// Other people's packages, installed once and kept outside of the checkout: in $XDG_CACHE_HOME/schedhint-matrix, by their versions.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'schedhint-matrix');

/** A folder with a `package.json` that asks for packages, and their `node_modules`. Not to be written to. */
export class InstalledTools {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Installs what is not there yet. No script of a package is run: some would download things.
   *
   * @param versions exact, by the packages' names
   */
  static of(versions: Readonly<Record<string, string>>): InstalledTools {
    const manifest = `${JSON.stringify({ private: true, dependencies: versions }, null, 2)}\n`;
    const hash = createHash('sha256').update(manifest).digest('hex').slice(0, 12);
    const [first = 'nothing'] = Object.keys(versions);
    const path = join(cache, `${first.replace(/^@/, '').replace('/', '-')}-${hash}`);
    if (!existsSync(path)) {
      mkdirSync(cache, { recursive: true });
      const scratch = mkdtempSync(`${path}.`);
      try {
        writeFileSync(join(scratch, 'package.json'), manifest);
        const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
        execFileSync('npm', ['install', '--prefer-offline', ...options], {
          cwd: scratch,
          stdio: ['ignore', 2, 2],
        });
        // Whole, or not at all: an interrupted run must not leave half of them behind.
        renameSync(scratch, path);
      } catch (error) {
        rmSync(scratch, { recursive: true, force: true });
        if (!existsSync(path)) throw error;
      }
    }
    return new InstalledTools(path);
  }

  /** A program of one of the packages: the file that its `bin` names. */
  bin(name: string, program = name.replace(/^@[^/]+\//, '')): string {
    const { bin } = this.#manifest(name);
    const file = typeof bin === 'string' ? bin : bin?.[program];
    if (file === undefined) throw new Error(`${name} has no program ${program}`);
    return join(this.path, 'node_modules', name, file);
  }

  /** For a result: `NAME VERSION`, of what is really there. */
  get versions(): string {
    const { dependencies = {} } = JSON.parse(readFileSync(join(this.path, 'package.json'), 'utf8'));
    return Object.keys(dependencies)
      .map((name) => `${name} ${this.#manifest(name).version}`)
      .join(', ');
  }

  #manifest(name: string): { version: string; bin?: string | Record<string, string> } {
    return JSON.parse(readFileSync(join(this.path, 'node_modules', name, 'package.json'), 'utf8'));
  }

  /** Copies all of it into a folder. */
  copyTo(folder: string): void {
    const names = readdirSync(this.path).map((name) => join(this.path, name));
    execFileSync('cp', ['-a', '--reflink=auto', ...names, folder]);
  }
}

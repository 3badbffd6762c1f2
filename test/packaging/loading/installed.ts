// Copies the built packages, without packing them, into a temporary node_modules together with the programs of these tests.

import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const PLATFORM = `linux-${process.arch}`;

/** The addon of this checkout's build. */
export const BUILT_ADDON = join(root, 'packages/native/prebuilds', PLATFORM, 'schedhint.node');

/** Copies of the built packages in a directory, as a package manager lays them out, and the programs of these tests. */
export class Installed {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static create(): Installed {
    const installed = new Installed(
      realpathSync(mkdtempSync(join(tmpdir(), 'schedhint-loading-'))),
    );
    installed.addPackages('node_modules');
    cpSync(fileURLToPath(new URL('programs', import.meta.url)), installed.path, {
      recursive: true,
    });
    return installed;
  }

  /** The addon's file in a `node_modules`. */
  addon(modules = 'node_modules'): string {
    return join(this.path, modules, '@schedhint/native/prebuilds', PLATFORM, 'schedhint.node');
  }

  /** Puts the packages into a `node_modules`. */
  addPackages(modules: string): void {
    for (const [folder, name] of [
      ['native', '@schedhint/native'],
      ['core', '@schedhint/core'],
      ['gc-hooks', '@schedhint/gc-hooks'],
      ['schedhint', 'schedhint'],
    ] as const) {
      const from = join(root, 'packages', folder);
      const to = join(this.path, modules, name);
      mkdirSync(to, { recursive: true });
      for (const part of ['package.json', 'dist']) {
        cpSync(join(from, part), join(to, part), { recursive: true });
      }
    }
    this.addAddon(this.addon(modules));
  }

  /** Puts the addon into a file. */
  addAddon(file: string): void {
    mkdirSync(join(file, '..'), { recursive: true });
    copyFileSync(BUILT_ADDON, file);
  }

  /** Writes a file, and the directories on its way. @returns its path */
  write(name: string, text: string): string {
    const file = join(this.path, name);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, text);
    return file;
  }

  /** Puts a copy of a file next to the programs. */
  copy(from: string, name: string): void {
    copyFileSync(from, join(this.path, name));
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

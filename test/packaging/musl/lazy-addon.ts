// Links a variant of the addon with lazy symbol binding from the objects of the last build.

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const native = fileURLToPath(new URL('../../../packages/native', import.meta.url));
const objects = join(native, 'build/CMakeFiles');

/** Links the objects of the addon's build again, with lazy binding. What the packages ship binds all symbols immediately. */
export function linkLazyAddon(output: string): void {
  if (!existsSync(objects)) throw new Error(`${objects} is missing: run npm run build`);
  const sources = readdirSync(join(native, 'src'), { encoding: 'utf8', recursive: true });
  const files = sources
    .filter((name) => name.endsWith('.cc'))
    .map((name) => `${name.startsWith('kernel/') ? 'kernel' : 'schedhint'}.dir/src/${name}.o`);
  execFileSync('c++', [
    ...['-shared', '-o', output, '-Wl,-z,lazy', '-Wl,-z,nodelete', '-Wl,--gc-sections'],
    `-Wl,--version-script=${join(native, 'src/napi/exports.map')}`,
    ...files.map((name) => join(objects, name)),
    ...['-Wl,--no-as-needed', '-l:libpthread.so.0'],
  ]);
}

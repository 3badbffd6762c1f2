import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const packages = readdirSync(`${root}/packages`);
const manifestOf = (name: string) =>
  JSON.parse(readFileSync(`${root}/packages/${name}/package.json`, 'utf8'));

/** What each package may import of the others: arrows run one way. */
const LAYERS: Record<string, readonly string[]> = {
  native: [],
  scheduler: [],
  observer: ['@schedhint/core'],
  core: ['@schedhint/native'],
  'gc-hooks': ['@schedhint/core', '@schedhint/native'],
  schedhint: ['@schedhint/core', '@schedhint/gc-hooks', '@schedhint/native'],
};

/** What only those have who import the subpath of its name, or call the command that needs it. */
const PEERS: Record<string, readonly string[]> = {
  schedhint: ['@schedhint/observer', 'fastify'],
};

/** A program, with a command that starts it: no JavaScript that an app imports. */
const PROGRAMS = ['scheduler'];

test('every package has its place', () => {
  expect(packages.sort()).toEqual(Object.keys(LAYERS).sort());
});

describe.each(packages)('packages/%s', (name) => {
  const manifest = manifestOf(name);
  const files: string[] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: `${root}/packages/${name}`,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  )[0].files.map(({ path }: { path: string }) => path);

  // npm 12, pnpm, Yarn, Bun and Deno run none: a package that needs one does not work there.
  test('runs nothing when it is installed', () => {
    const hooks = ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish'];
    expect(Object.keys(manifest.scripts ?? {}).filter((script) => hooks.includes(script))).toEqual(
      [],
    );
  });

  // npm adds `node-gyp rebuild` on its own where it finds one.
  test('has no binding.gyp', () => {
    expect(existsSync(`${root}/packages/${name}/binding.gyp`)).toBe(false);
    expect(files.filter((file) => file.endsWith('.gyp'))).toEqual([]);
    if (name === 'native') expect(manifest.gypfile).toBe(false);
  });

  test('ships what it says, and neither tests nor sources of the addon', () => {
    expect(files).toContain('package.json');
    expect(files.filter((file) => /\.test\.|\.tsbuildinfo$|^build\//.test(file))).toEqual([]);
    if (name === 'native') expect(files.filter((file) => file.startsWith('src/'))).toEqual([]);
    // Apps install no BPF program.
    const hasPrograms = name === 'observer' || PROGRAMS.includes(name);
    if (!hasPrograms) expect(files.filter((file) => file.endsWith('.bpf.o'))).toEqual([]);
    const commands = Object.values<string>(manifest.bin ?? {});
    expect(files).toEqual(
      expect.arrayContaining(commands.map((command) => command.replace('./', ''))),
    );
    const targets = JSON.stringify(manifest.exports).match(/\.\/(?:dist)[^"*]*/g) ?? [];
    expect(files).toEqual(expect.arrayContaining(targets.map((target) => target.slice(2))));
  });

  if (PROGRAMS.includes(name)) {
    test('depends on nothing', () => {
      const { dependencies, peerDependencies, optionalDependencies, main } = manifest;
      expect({ dependencies, peerDependencies, optionalDependencies, main }).toEqual({});
      expect(existsSync(`${root}/packages/${name}/src`)).toBe(false);
    });
    return;
  }

  test('ships a map of each file that was compiled, and the sources that it names', () => {
    const compiled = files.filter((file) =>
      /^dist\/(?!import\/|register\.d).*\.c?[jt]s$/.test(file),
    );
    expect(compiled.length).toBeGreaterThan(1);
    expect(files).toEqual(expect.arrayContaining(compiled.map((file) => `${file}.map`)));
    const shipped = new Set(files.map((file) => join(manifest.name, file)));
    for (const file of files.filter((file) => file.endsWith('.map'))) {
      const { sources } = JSON.parse(readFileSync(`${root}/packages/${name}/${file}`, 'utf8'));
      // As they lie in node_modules, where a bundle has another package's sources in it.
      const named = sources.map((source: string) => join(manifest.name, file, '..', source));
      const missing = named.filter(
        (source: string) => !shipped.has(source) && !isShippedBelow(source),
      );
      expect(missing, file).toEqual([]);
    }
  });

  test('imports only what is below it, and declares it', () => {
    const allowed = LAYERS[name]!;
    const sources = readdirSync(`${root}/packages/${name}/src`, {
      recursive: true,
      encoding: 'utf8',
    }).filter((file) => file.endsWith('.ts'));
    const imported = new Set<string>();
    const peers = new Set<string>();
    for (const file of sources.filter((file) => !file.endsWith('.test.ts'))) {
      const text = readFileSync(`${root}/packages/${name}/src/${file}`, 'utf8');
      for (const [, specifier] of text.matchAll(
        /(?:from|import|(?:require|resolve)\()\s*['"]([^'"]+)['"]/g,
      )) {
        if (/^(?:node:|\.\.?\/)/.test(specifier!)) continue;
        const imports = /^(?:@[^/]+\/)?[^/]+/.exec(specifier!)![0];
        if (imports === manifest.name) continue;
        if (PEERS[name]?.includes(imports)) peers.add(imports);
        else imported.add(imports);
      }
    }
    expect([...imported].filter((specifier) => !allowed.includes(specifier))).toEqual([]);
    const { dependencies, peerDependencies } = manifest;
    expect(Object.keys({ ...dependencies, ...peerDependencies })).toEqual(
      expect.arrayContaining([...imported]),
    );
    expect(allowed).toEqual(expect.arrayContaining(Object.keys(manifest.dependencies ?? {})));
    expect(Object.keys(manifest.peerDependencies ?? {}).sort()).toEqual([...peers].sort());
    for (const peer of peers) expect(manifest.peerDependenciesMeta[peer].optional).toBe(true);
  });
});

/** Whether it is a source of one of our packages that has sources to ship. */
function isShippedBelow(source: string): boolean {
  const [, name, file] = /^@schedhint\/([\w-]+)\/((?:src|ts)\/.*\.ts)$/.exec(source) ?? [];
  return name !== undefined && existsSync(`${root}/packages/${name}/${file}`);
}

test.each(['register.cjs', 'register-rest.cjs'])(
  'schedhint/dist/%s can be read, and has a map',
  (file) => {
    const path = `${root}/packages/schedhint/dist/${file}`;
    const text = readFileSync(path, 'utf8');
    const lines = text.split('\n');
    expect(text.length / lines.length).toBeLessThan(60);
    const map = new SourceMap(JSON.parse(readFileSync(`${path}.map`, 'utf8')));
    const line = lines.findIndex((one) => /^(function|var) loadAddon\b/.test(one));
    const column = lines[line]!.indexOf('loadAddon');
    expect(map.findEntry(line, column)).toMatchObject({
      originalSource: expect.stringMatching(/^\.\.\/\.\.\/@schedhint\/native\/ts\/\w[\w-]*\.ts$/),
    });
  },
);

test('schedhint/register carries neither the BTF reader nor the command', () => {
  const bundle = readFileSync(`${root}/packages/schedhint/dist/register.cjs`, 'utf8');
  const words = ['startGcHook', 'ERR_SCHEDHINT_BTF', 'Usage: ', 'Made by'];
  expect(words.filter((word) => bundle.includes(word))).toEqual(['startGcHook']);
});

// Prints the size of each package's tarball, as `npm pack --dry-run` packs what is built here, and fails above the limits of
// package-sizes.config.mjs. scripts/pack.mjs judges the real tarballs, with the prebuilt files for all platforms.

import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { root } from './files.mjs';
import { limits } from './package-sizes.config.mjs';

const KB = 1024;

/**
 * @param {{ name: string, size: number, files: { path: string }[] }} tarball as npm describes it
 * @returns {{ text: string, fits: boolean }}
 */
export function judgeSize({ name, size, files }) {
  const { base, eachPrebuild = 0, eachForMusl = eachPrebuild } = limits[name] ?? { base: 0 };
  const found = files.flatMap(({ path }) => /^prebuilds\/([^/]+)\//.exec(path)?.[1] ?? []);
  const platforms = [...new Set(found)];
  const limit = platforms.reduce(
    (sum, platform) => sum + (platform.endsWith('-musl') ? eachForMusl : eachPrebuild),
    base,
  );
  const built = eachPrebuild > 0 ? `, built for ${platforms.join(', ') || 'no platform'}` : '';
  const kb = (size / KB).toFixed(1);
  return { text: `${name}: ${kb} KB of at most ${limit} KB${built}`, fits: size <= limit * KB };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const homes = readdirSync(`${root}/packages`).map((name) => `./packages/${name}`);
  const packed = execFileSync(
    'npm',
    ['pack', ...homes, '--dry-run', '--json', '--ignore-scripts'],
    {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  const verdicts = JSON.parse(packed).map(judgeSize);
  for (const { text, fits } of verdicts) console.log(`  ${text}${fits ? '' : ': too large'}`);
  process.exit(verdicts.every(({ fits }) => fits) ? 0 : 1);
}

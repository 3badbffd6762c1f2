// Keeps api/*.api.md of each package: the public declarations of each entry point, as API Extractor writes them. Fails where one
// differs from the built declarations; --write rewrites it.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { root } from './files.mjs';

const require = createRequire(import.meta.url);
const { CompilerState, Extractor, ExtractorConfig } = require('@microsoft/api-extractor');
const write = process.argv.includes('--write');
const scratch = mkdtempSync(join(tmpdir(), 'schedhint-api-'));
const problems = [];

/** Entry points with declarations: by the name of the subpath, the file that `exports` has for its types. */
function entryPoints(home) {
  const { exports } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
  return Object.entries(exports)
    .map(([subpath, target]) => ({
      name: subpath === '.' ? 'index' : subpath.slice('./'.length),
      types: target.import?.types ?? target.types,
    }))
    .filter(({ types }) => types !== undefined)
    .filter(({ types }) => readFileSync(join(home, types), 'utf8').trim() !== 'export {};');
}

function configOf(home, { name, types }) {
  const silent = { default: { logLevel: 'none' } };
  return ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(home, 'package.json'),
    configObject: {
      projectFolder: home,
      mainEntryPointFilePath: join(home, types),
      compiler: { tsconfigFilePath: join(home, 'tsconfig.json') },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: join(home, 'api'),
        reportTempFolder: scratch,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      // typedoc checks the documentation (npm run docs).
      messages: {
        compilerMessageReporting: { default: { logLevel: 'error' } },
        extractorMessageReporting: silent,
        tsdocMessageReporting: silent,
      },
    },
  });
}

/** A package that is a program has no declarations. */
const packages = readdirSync(join(root, 'packages'))
  .map((name) => ({ name, home: join(root, 'packages', name) }))
  .map(({ name, home }) => ({ name, home, entries: entryPoints(home) }))
  .filter(({ entries }) => entries.length > 0)
  .map(({ name, home, entries }) => {
    mkdirSync(join(home, 'api'), { recursive: true });
    return { name, home, configs: entries.map((entry) => configOf(home, entry)) };
  });
const [first, ...others] = packages.flatMap(({ configs }) => configs);
// One compilation for all: they share most of their declarations.
const compilerState = CompilerState.create(first, {
  additionalEntryPoints: others.map(({ mainEntryPointFilePath }) => mainEntryPointFilePath),
});

function writeReport(config) {
  const { apiReportChanged, errorCount } = Extractor.invoke(config, {
    compilerState,
    localBuild: write,
    messageCallback(message) {
      if (message.logLevel === 'error') console.log(`  ${message.text}`);
      message.handled = true;
    },
  });
  const file = relative(root, config.reportFilePath);
  if (errorCount > 0) problems.push(`${file}: API Extractor found errors`);
  if (apiReportChanged && !write) problems.push(`${file} is stale: npm run format`);
}

for (const { name, home, configs } of packages) {
  for (const config of configs) writeReport(config);
  const expected = configs.map(({ reportFilePath }) => basename(reportFilePath));
  for (const file of readdirSync(join(home, 'api'))) {
    if (expected.includes(file)) continue;
    if (write) rmSync(join(home, 'api', file));
    else problems.push(`packages/${name}/api/${file} belongs to no entry point: npm run format`);
  }
  console.log(`  packages/${name}: ${expected.join(', ')}`);
}
rmSync(scratch, { recursive: true, force: true });
for (const problem of problems) console.log(`  ${problem}`);
process.exit(problems.length > 0 ? 1 : 0);

// The documentation's site: the guides in docs/ and the reference of all packages. npm run docs

import { readdirSync } from 'node:fs';
import { Converter } from 'typedoc';

/** In the order in which one reads them; the others follow by name. */
const FIRST = [
  'getting-started',
  'install',
  'bundlers',
  'gc-hints',
  'worker-hints',
  'requests',
  'stalls',
  'health',
  'layouts',
  'writing-a-scheduler',
  'other-runtimes',
  'operations',
  'metrics',
  'testing',
  'troubleshooting',
  'faq',
];

const place = (page) => (FIRST.includes(page) ? FIRST.indexOf(page) : FIRST.length);
const guides = readdirSync(new URL('docs', import.meta.url))
  .filter((name) => name.endsWith('.md'))
  .map((name) => name.slice(0, -'.md'.length))
  .sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));

/** A guide's name in the site is its heading, not its file's name. */
function titles(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => {
    const heading = /^# (.+)$/m.exec(document.content[0]?.text ?? '');
    if (heading) document.name = heading[1].replaceAll('`', '');
  });
}

/** An export without documentation, or a link that leads nowhere, is an error. */
const validation = { notExported: true, notDocumented: true, invalidLink: true, invalidPath: true };
/** What an import can name. A property may say all with its name and type. */
const requiredToBeDocumented = ['Class', 'Enum', 'Function', 'Interface', 'TypeAlias', 'Variable'];

/** Links to sources would depend on where this was cloned from. */
const disableSources = true;

/** @type {import('typedoc').TypeDocOptions} */
export default {
  name: 'schedhint',
  plugin: [titles],
  entryPoints: [
    'packages/schedhint',
    'packages/core',
    'packages/gc-hooks',
    'packages/observer',
    'packages/native',
  ],
  entryPointStrategy: 'packages',
  // Each package is checked by itself, and then all together.
  packageOptions: {
    excludeInternal: true,
    excludeExternals: true,
    requiredToBeDocumented,
    validation,
    disableSources,
  },
  requiredToBeDocumented,
  projectDocuments: [
    ...guides.map((page) => `docs/${page}.md`),
    // It is vendored with the headers.
    'abi/*.md',
    'examples/*/README.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
  ],
  highlightLanguages: [
    ...['bash', 'sh', 'shell', 'c', 'docker', 'ini', 'json', 'yaml'],
    ...['javascript', 'typescript', 'tsx', 'python'],
  ],
  validation,
  treatWarningsAsErrors: true,
  disableSources,
  out: 'docs/site',
  readme: 'README.md',
};

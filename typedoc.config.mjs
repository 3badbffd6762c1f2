// The documentation's site: the guides in docs/ and the reference of all packages. npm run docs

import { readdirSync, readFileSync } from 'node:fs';
import { Converter } from 'typedoc';

/** In the order of the list of guides. */
const order = [
  'README',
  ...[
    ...readFileSync(new URL('docs/README.md', import.meta.url), 'utf8').matchAll(
      /\]\(([\w-]+)\.md\)/g,
    ),
  ].map(([, page]) => page),
];
const guides = readdirSync(new URL('docs', import.meta.url))
  .filter((name) => name.endsWith('.md'))
  .map((name) => name.slice(0, -'.md'.length))
  .sort((a, b) => order.indexOf(a) - order.indexOf(b));

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
  // Each package is checked alone, and then all together.
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
    'packages/native/memory.md',
    'examples/*/README.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
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
  // One search for guides and API.
  searchInDocuments: true,
  // The README has its title.
  headings: { readme: false, document: false },
};

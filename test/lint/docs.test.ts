// What the lint of the docs counts and takes from the pages.

import { expect, test } from 'vitest';
import {
  byPeople,
  opensWithSentence,
  unreleased,
  unwantedWords,
  withoutUnwanted,
  wordsOf,
} from '../../scripts/lint/docs/pages.mjs';

const PAGE = `# Title

Two words, [a link](docs/with-many-words.md).

<!-- matrix: start -->
| not | counted |
<!-- /matrix -->

\`\`\`sh
not counted
\`\`\`

<!-- with
not counted
-->
the end
`;

test('words: without code, comments, targets of links and what programs write', () => {
  expect(wordsOf(PAGE)).toBe('Title Two words a link the end'.split(' ').length);
});

test('what programs write becomes empty lines', () => {
  const people = byPeople(PAGE);
  expect(people).not.toContain('counted |');
  expect(people.split('\n')).toHaveLength(PAGE.split('\n').length);
  expect(byPeople('a\n<!-- npm run holds -- --write -->\nb\n<!-- end -->\nc')).toBe('a\n\n\n\nc');
});

test('a page opens with a sentence', () => {
  expect(opensWithSentence(PAGE)).toBe(true);
  expect(opensWithSentence('# Title\n\n`code` says what.\n')).toBe(true);
  for (const first of ['## Next\n', '| a | table |\n', '```sh\nls\n```\n', '']) {
    expect(opensWithSentence(`# Title\n\n${first}`), first).toBe(false);
  }
});

test('of the changelog, what is not released', () => {
  const log = '# Changelog\n\n## Unreleased\n\n- new\n\n## 0.1.0\n\n- old\n';
  expect(unreleased(log).trim()).toBe('- new');
  expect(unreleased(log).split('\n')).toHaveLength(log.split('\n').length);
  expect(unreleased('## Unreleased\n\n- new\n').trim()).toBe('- new');
});

const GLOSSARY = `# Glossary

| term | meaning | not |
| --- | --- | --- |
| attach | give a block | |
| slice | a turn | quantum, time slice |
`;

test('of the glossary, the words that are not used, and the rest without them', () => {
  expect(unwantedWords(GLOSSARY)).toEqual([
    ['quantum', 'slice'],
    ['time slice', 'slice'],
  ]);
  expect(withoutUnwanted(GLOSSARY)).not.toContain('quantum');
  expect(withoutUnwanted(GLOSSARY)).toContain('| slice | a turn |');
});

// What the lint of the docs reads, and its limits.

/** Pages that Vale reads: Git's patterns. */
export const checked = [
  'README.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'docs/*.md',
  'packages/*/README.md',
  'packages/native/memory.md',
  'abi/*.md',
  'examples/*/README.md',
  'integrations/scx/README.md',
  'observer/README.md',
];

/** Pages whose words are counted against the limits: what a user reads. */
export const counted = ['README.md', 'docs/*.md'];

/** Words that people wrote, in one page and in all. Tables that a program writes, code and comments are not counted. */
export const most = { page: 1200, all: 16_000 };

/** Pages that are neither checked nor counted against the limits, with the reason. */
export const exceptions = {
  'docs/experiment.md':
    'it is a report of measurements, most of it written by `npm run experiment`',
};

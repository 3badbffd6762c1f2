// Words and phrases that are overused here and make the text hard to read. dialect.json has their counts, which may only fall.

/** Files that are not counted: the history, and those that have to name the words. */
export const leftOut = [
  'CHANGELOG.md',
  // Texts of others.
  'packages/observer/licenses/',
  'packages/scheduler/LICENSE',
  'scripts/lint/dialect.config.mjs',
  'test/lint/dialect.test.ts',
  // systemd's folders *.wants.
  'test/vm/guest/systemd-init.sh',
];

/** Sources of the programs that users run, whose texts have none of the words. */
export const shown = [
  'broker/src/**',
  'examples/**',
  'observer/**',
  'packages/*/bin/**',
  'packages/*/src/**',
  'packages/*/ts/**',
  'packages/*/viewer/**',
  'scheduler/**',
];

/** Each with suggestions for what to write instead. */
export const dialect = {
  told: 'reported, known, passed',
  tells: 'reports, shows, says',
  'of its own': 'separate, own, dedicated',
  'of their own': 'separate, own, dedicated',
  'is none': 'is invalid, does not exist',
  'be had': 'be available',
  'at once': 'immediately, at the same time',
  'let go of': 'release, close',
  whom: 'name the subject',
  whoever: 'name the subject',
  'by itself': 'automatically, alone',
  'by themselves': 'automatically, alone',
  beside: 'next to, alongside',
  honest: 'nothing: show it',
  honestly: 'nothing: show it',
  anew: 'again',
  mends: 'fixes',
  wants: 'requires, needs',
  nobody: 'no reader, no process: name it',
};

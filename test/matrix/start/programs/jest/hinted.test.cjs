// Sets hints inside a Jest test and reports its thread, so that the matrix can read them there through the map.

const { collectUntilEnd, say } = require('../say.cjs');

test('hints', async () => {
  const { attachThread, startGcHints } = require('schedhint');
  attachThread().hints.urgency = 900;
  startGcHints();
  say('hinted');
  await collectUntilEnd();
});

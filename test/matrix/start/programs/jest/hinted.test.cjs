const { collectUntilEnd, say } = require('../say.cjs');

test('hints', async () => {
  const { attachThread, startGcHints } = require('schedhint');
  attachThread().hints.urgency = 900;
  startGcHints();
  say('hinted');
  await collectUntilEnd();
});

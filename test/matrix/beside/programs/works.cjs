// What the programs of integrations do when theirs has worked.

const { attachThread, startGcHints } = require('schedhint');
const { collectUntilEnd, say } = require('./say.cjs');

exports.works = async () => {
  attachThread().hints.urgency = 900;
  const hints = startGcHints();
  say('works');
  await collectUntilEnd();
  hints.stop();
};

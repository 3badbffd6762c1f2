// An app that uses schedhint.

const { collectUntilEnd, say } = require('./say.cjs');
const { attachThread, startGcHints } = require('schedhint');

attachThread().hints.urgency = 900;
startGcHints();
const addons = Object.values(process[Symbol.for('schedhint.addons')] ?? {});
say(process.env.SAY_AS ?? 'hinted', { addons: new Set(addons).size });
collectUntilEnd();

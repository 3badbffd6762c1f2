// An app with an urgency and GC hints. It reports its ids and how many addons are loaded, then makes garbage until it is
// ended. The rows of test/matrix/start start it; tool-project.ts copies say.cjs next to it. plain.cjs is the same without hints.

const { collectUntilEnd, say } = require('./say.cjs');
const { attachThread, startGcHints } = require('schedhint');

attachThread().hints.urgency = 900;
startGcHints();
const addons = Object.values(process[Symbol.for('schedhint.addons')] ?? {});
say(process.env.SAY_AS ?? 'hinted', { addons: new Set(addons).size });
collectUntilEnd();

const { works } = require('./works.cjs');
const { collectUntil } = require('./say.cjs');

/** Metrics have values: what is asked for (`collect`), and what is told (collections). */
exports.checkPromClient = async (register, collectPromMetrics) => {
  const stop = collectPromMetrics();
  let text = '';
  await collectUntil(async () => {
    text = await register.metrics();
    return /schedhint_gc_pause_seconds_count\{.*\} [1-9]/.test(text);
  });
  if (!/^schedhint_bound\{thread="main"\} [01]$/m.test(text)) throw new Error(text);
  await works();
  stop();
};

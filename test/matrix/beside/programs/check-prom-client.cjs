// Checks the prom-client integration: waits until the registry reports a GC pause, then looks for the gauge of the binding.

const { works } = require('./works.cjs');
const { collectUntil } = require('./say.cjs');

/** Both kinds must have values: those read on demand (`collect`), and those recorded at each collection. */
exports.checkPromClient = async (register, { attachThread }, collect) => {
  attachThread();
  const collecting = collect(register);
  let text = '';
  await collectUntil(async () => {
    text = await register.metrics();
    return /schedhint_gc_pause_seconds_count\{.*\} [1-9]/.test(text);
  });
  if (!/^schedhint_bound\{thread="main"\} [01]$/m.test(text)) throw new Error(text);
  await works();
  collecting.stop();
};

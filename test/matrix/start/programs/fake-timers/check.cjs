// What an app does with schedhint while its tests have replaced time: it attaches before there is a map, is informed when it is bound,
// hints, and counts its collections.

const { collectUntil, collectUntilEnd, say } = require('../say.cjs');

const A_DAY_MS = 86_400_000;
const REPLACED = ['Date', 'setImmediate', 'setTimeout'];

/**
 * @param {{ load: () => typeof import('schedhint'), fake: () => (ms: number) => void, order: string }} test
 * `load` gives schedhint; `fake` replaces time and returns what advances it
 */
exports.check = async ({ load, fake, order }) => {
  const real = REPLACED.map((name) => globalThis[name]);
  let advance;
  const replace = () => {
    advance = fake();
    const kept = REPLACED.filter((name, i) => globalThis[name] === real[i]);
    if (kept.length > 0) throw new Error(`not replaced: ${kept}`);
    advance(A_DAY_MS);
  };
  const attach = ({ attachThread, startGcHints }) => {
    const thread = attachThread();
    const states = [];
    thread.onStatus(({ state }) => states.push(state));
    return { thread, states, counts: startGcHints({ stats: true }) };
  };

  let attached;
  if (order === 'after') {
    attached = attach(load());
    replace();
  } else if (order === 'before') {
    const schedhint = load();
    replace();
    attached = attach(schedhint);
  } else {
    replace(); // before the packages are loaded
    attached = attach(load());
  }
  const { thread, states, counts } = attached;
  say(`waiting-${order}`, { state: thread.status.state });

  await collectUntil(() => states.length > 0);
  thread.hints.set({ urgency: 900 });
  say(`bound-${order}`, { states });
  const before = counts.stats.count;
  await collectUntil(() => counts.stats.count > before);
  say(`counted-${order}`);
  await collectUntilEnd();
};

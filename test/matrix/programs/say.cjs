// What the programs of these rows tell anyone who has not started them, and how long they run.

const { existsSync, readlinkSync, renameSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
// Not the globals: a test runner may have replaced them with fake ones.
const { setTimeout } = require('node:timers');

const { SAY_IN } = process.env;

/** Says, under a name, which thread this is. */
exports.say = (name, what = {}) => {
  const [pid, , tid] = readlinkSync('/proc/thread-self').split('/').map(Number);
  const file = join(SAY_IN, name);
  writeFileSync(`${file}.${tid}`, JSON.stringify({ pid, tid, ...what }));
  renameSync(`${file}.${tid}`, `${file}.json`);
};

/** Makes garbage, and leaves the CPU now and then, until something has happened. */
exports.collectUntil = async (hasHappened) => {
  while (!(await hasHappened())) {
    for (let i = 0; i < 20_000; i++) new Array(10).fill(i);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

/** The same until it is asked to end. */
exports.collectUntilEnd = () => exports.collectUntil(() => existsSync(join(SAY_IN, 'end')));

// A row: minutes of changes at random, with a seed. The scheduler stays loaded, the kernel does not complain, and its books are right at the end.
// It asks only whether all of that works, so each CPU of its VM is a thread of this machine, and they really run at the same time.

import { bootOnce, readRowOptions } from './in-vm.mjs';
import { atLeast, atMost, holds } from './judge.mjs';
import { runRow } from './row.mjs';

const CPUS = 4;
/** Tasks that come and go while they are counted. */
const NEAR = 4;
const SEED = 1;
const MINUTES = 10;

/** What the scheduler says of itself when only this program is left. */
function judgeBooks({ before, after }) {
  const gauge = (name) => after?.[name] ?? Number.NaN;
  return [
    atMost(
      `tasks in its books, ${gauge('tasks')}, off the ${after?.threads} threads there are`,
      Math.abs(gauge('tasks') - (after?.threads ?? 0)),
      NEAR,
    ),
    atMost('tasks that run or wait, on an idle machine', gauge('active'), NEAR),
    holds(
      'slots of cgroups as before',
      gauge('cgroups') === before?.cgroups,
      `${gauge('cgroups')}, ${before?.cgroups} before`,
    ),
    holds(
      'limits as before',
      gauge('limits') === before?.limits,
      `${gauge('limits')}, ${before?.limits} before`,
    ),
  ];
}

/** Each of them was made. Some of those that the kernel may refuse, too. */
function judgeChanges(churn) {
  return Object.entries(churn ?? { none: [0, 0] }).map(([name, [made, refused]]) =>
    atLeast(`changes of ${name} that were made`, made - refused, 1),
  );
}

const options = readRowOptions();
const seed = Number(options.positionals[0] ?? SEED);

const isWhole = options.isFull && options.minutes >= MINUTES;

await runRow('machine', isWhole, async () => {
  const seconds = Math.round((options.short ? 1 : options.minutes) * 60);
  const report = options.earlier ? ['--interval', '1000'] : ['--stats', '1'];
  const input = {
    program: options.program,
    args: ['--hints', 'all', '--json', ...report],
    seconds,
    seed,
  };
  const found = await bootOnce('machine.mjs', input, {
    cpus: CPUS,
    icount: false,
    seconds: seconds + 600,
  });
  const changes = Object.entries(found.churn ?? {});
  const [hotplugs = 0] = found.churn?.['CPU off and on'] ?? [];
  const checks = [
    holds('it is still loaded', found.isLoaded, `ended with ${found.exitCode}: ${found.lastWords}`),
    holds('the changes were made', found.churn !== null, found.complaint),
    atLeast('it was loaded again for each CPU that went off or on', found.loads, 2 * hotplugs),
    ...judgeChanges(found.churn),
    ...judgeBooks(found),
    holds(
      'it ends when it is asked to',
      found.exitCode === 0 && found.state === 'disabled',
      `${found.exitCode}, ${found.state}`,
    ),
    holds(
      'the kernel does not complain',
      found.complaints.length === 0,
      found.complaints.join('; '),
    ),
  ];
  return {
    versions: `${found.ops}, Linux ${found.kernel}`,
    found: `seed ${seed}, ${seconds} s, ${changes.reduce((sum, [, [made]]) => sum + made, 0)} changes, loaded again ${found.loads} times`,
    table: [
      ['change', 'made', 'refused by the kernel'],
      ...changes.map(([name, [made, refused]]) => [name, String(made), String(refused)]),
    ],
    checks,
    figures: { seed, seconds },
  };
});

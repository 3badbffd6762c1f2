// npm run test:stalls [-- --short] [-- WORDS]: makes stalls of known kinds, alone and in pairs, and judges what was reported by what a BPF
// program saw of the thread at the kernel's switches. 210 stalls, then fewer of each kind without privileges in each Node.js, with and
// without the addon; with --short a tenth of it. --privileged: only the former, --unprivileged: only the latter. WORDS: only the kinds that have
// one of them in their name. SEED=N repeats the lengths of a run.

import { nodeBinaries } from '../packaging/node-versions/node-binaries.js';
import { mountBpffs } from '../rig/bpffs.js';
import { whyNot } from '../rig/unsupported-reason.js';
import { agrees, type JudgedStalls, type JudgeOptions, judgeKind } from './judge/judge-kind.js';
import type { Judgement } from './judge/judgement.js';
import { JUDGED_KINDS } from './judge/kinds.js';
import { isRight, printTable, problemOf } from './judge/report.js';
import { ThreadStates } from './judge/thread-states.js';
import { WITHOUT_ADDON } from './made-stall.js';

/** Of the stalls of a table so many may be wrong; of a small table one. */
const WRONG = 0.05;
/** Without the addon so many causes. */
const WRONG_CAUSES = 0.1;
const MOST_UNKNOWN = 0.05;

const isShort = process.argv.includes('--short');
const isForRoot = !process.argv.includes('--unprivileged');
const isForOthers = !process.argv.includes('--privileged');
const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const kinds = JUDGED_KINDS.filter(
  ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
);
if (kinds.length === 0) {
  console.error(
    `no kind is called so: there are ${JUDGED_KINDS.map(({ name }) => name).join(', ')}`,
  );
  process.exit(64);
}
const reason = whyNot();
if (reason !== null) {
  console.log(`stalls are not judged: ${reason}`);
  process.exit(process.env.CI ? 1 : 0);
}

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
console.log(`SEED=${seed}`);
const random = randomFrom(seed);
const problems: string[] = [];
let passed = 0;

function check(isTrue: boolean, problem: string): void {
  if (isTrue) passed++;
  else problems.push(problem);
}

/** Numbers 0..1 that a seed repeats (mulberry32). */
function randomFrom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function judgeAll(title: string, options: JudgeOptions, isLow = false): Promise<void> {
  const all: Judgement[] = [];
  for (const kind of kinds) {
    const judged = await judgeKind(kind, options);
    all.push(...judged.judgements);
    showCheck(kind.name, judged);
  }
  printTable(title, all);
  const wrong = all.filter((judgement) => (isLow ? !judgement.hasRightCause : !isRight(judgement)));
  for (const judgement of wrong) console.log(`  ${problemOf(judgement)}`);
  const most = Math.max(1, (isLow ? WRONG_CAUSES : WRONG) * all.length);
  check(wrong.length <= most, `${title}: ${wrong.length} of ${all.length} are wrong`);
  if (isLow) return;
  const unknown = all.filter(({ unknownShare }) => unknownShare > MOST_UNKNOWN);
  check(unknown.length === 0, `${title}: ${unknown.length} have more than 5 % unknown`);
}

function showCheck(name: string, judged: JudgedStalls): void {
  if (judged.check === undefined) return;
  const { source, ms, judgedMs } = judged.check;
  const text = `${name}: ${source} ${ms.toFixed(0)} ms, the judge's ${judgedMs.toFixed(0)} ms`;
  console.log(text);
  check(agrees(judged), text);
}

const bpffs = mountBpffs();
let states: ThreadStates | undefined;
try {
  states = await ThreadStates.load(bpffs.path);
  if (isForRoot) await judgeAll('as root', { states, random, count: isShort ? 2 : 15 });
  const binaries = isForOthers ? nodeBinaries().slice(0, isShort ? 1 : undefined) : [];
  for (const { path: node, version } of binaries) {
    const options = { states, random, node, count: isShort ? 1 : 5, isUnprivileged: true };
    await judgeAll(`without privileges, Node.js ${version}`, options);
    const low = { ...options, env: WITHOUT_ADDON };
    await judgeAll(`without privileges and addon, Node.js ${version}: causes`, low, true);
  }
} finally {
  await states?.close();
  bpffs.unmount();
}
for (const problem of problems) console.log(problem);
console.log(`${passed} passed, ${problems.length} failed`);
process.exit(problems.length > 0 ? 1 : 0);

// Says what stall monitors leave in a process: the loop's handles and the descriptors, before, during and after.

const { readdirSync, readlinkSync } = require('node:fs');
const { setTimeout: sleep } = require('node:timers/promises');
const { watchStalls } = require('schedhint');

const handles = () => {
  const all = process.report.getReport().libuv.map(({ type }) => type);
  return all.filter((type) => type === 'prepare').length;
};
const descriptors = () =>
  readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)].filter((target) =>
        /schedstat|cpu\.stat|schedhint:stalls/.test(target),
      );
    } catch {
      return []; // the folder's own
    }
  });
const state = () => ({ handles: handles(), descriptors: descriptors().length });

async function main() {
  const before = state();
  const seen = [];
  const monitors = [30, 200].map((thresholdMs) =>
    watchStalls({ thresholdMs, onStall: ({ durationMs }) => seen.push([thresholdMs, durationMs]) }),
  );
  await sleep(20);
  const during = state();
  for (const ms of [80, 250]) {
    for (const until = performance.now() + ms; performance.now() < until; );
    await sleep(5);
  }
  const totals = monitors.map((monitor) => monitor.totals);
  monitors[0].stop();
  const one = state();
  monitors[1].stop();
  monitors[1].stop();
  await sleep(5);
  console.log(JSON.stringify({ before, during, one, after: state(), seen, totals }));
}
main();

// Loads an empty package and then schedhint in the same way, attaches, and prints how long each took, in ms, and what the process has
// in memory more, in KiB. argv: `require` or `import`, the entry point.

const [how, entry] = process.argv.slice(2);
const load = how === 'import' ? (name) => import(name) : async (name) => require(name);

async function timed(action) {
  const before = performance.now();
  const result = await action();
  return { took: performance.now() - before, result };
}

async function main() {
  await load('empty'); // the first module of its kind takes longer
  const empty = await timed(() => load(entry === '' ? 'empty/second' : `empty${entry}`));
  const rss = process.memoryUsage.rss();
  const loaded = await timed(() => load(`schedhint${entry}`));
  const costs = { loadEmpty: empty.took, load: loaded.took };
  if (entry === '') {
    const { loadAddon } = require('@schedhint/native');
    costs.addon = (await timed(() => loadAddon())).took;
    costs.attach = (await timed(() => loaded.result.attachThread())).took;
  }
  costs.rss = (process.memoryUsage.rss() - rss) / 1024;
  console.log(JSON.stringify(costs));
}

main();

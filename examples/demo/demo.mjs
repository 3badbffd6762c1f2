// Shows a Node.js process and a BPF program that tell each other, through shared memory, what they
// know: which of the process's threads collect garbage now and what they hint, and how long they
// wait for a CPU. `npm run demo -- --help` for the options.

import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { App } from './app-process.mjs';
import { Broker } from './broker.mjs';
import { Child } from './child.mjs';
import { Observer, whyNoObserver } from './observer.mjs';
import { readOptions, USAGE, UsageError } from './options.mjs';
import { joinThreads } from './report.mjs';
import { Screen } from './screen.mjs';

const HOG = fileURLToPath(new URL('hog.mjs', import.meta.url));
const INTERRUPTED = 130;

class Demo {
  #options;
  #screen;
  /** @type {Observer | null} */
  #observer = null;
  /** @type {Broker | null} */
  #broker = null;
  /** @type {Child[]} */
  #children = [];
  /** @type {import('./observer.mjs').Snapshot | null} */
  #snapshot = null;
  #mapId = null;
  /** Who has bound the app: itself, or the broker. */
  #boundBy = null;
  /** Why BPF is not used; '' if it is. */
  #reason = '';
  /** Rejects when a child ends that was not asked to. */
  accident;
  #onAccident;
  #stopped = new AbortController();

  /** @param {import('./options.mjs').Options} options */
  constructor(options) {
    this.#options = options;
    this.#screen = new Screen(options.json ? null : process.stdout);
    this.accident = new Promise((_, reject) => {
      this.#onAccident = reject;
    });
  }

  async run() {
    await this.#startObserver();
    this.#stopped.signal.throwIfAborted(); // what starts now would stay
    const { pin, under } = this.#options;
    if (this.#options.broker && this.#observer) await this.#startBroker(pin);
    this.#stopped.signal.throwIfAborted();
    const app = new App(pin, this.#broker?.socket ?? '', under);
    this.#watch(app.child);
    await this.#checkBound(app);
    const source = this.#observer ?? app;
    source.on('snapshot', (snapshot) => {
      this.#snapshot = snapshot;
    });
    this.#stopped.signal.throwIfAborted();
    this.#watch(new Child('the CPU hog', process.execPath, [HOG], { stdio: ['pipe', 2, 2] }));
    const { blind } = await app.start({ embedded: this.#observer === null });
    if (blind) this.#reason += `; nor can blocks be sampled: ${blind}`;
    this.#screen.begin(this.#head);
    app.on('numbers', (numbers) => {
      this.#screen.update(
        joinThreads(numbers, this.#snapshot, app.child.process.pid),
        this.#snapshot,
      );
    });
    await sleep(this.#options.seconds * 1000, undefined, { signal: this.#stopped.signal });
    await app.rest();

    // First the reader's last look, then the app's report: the feedback that it reads has no writer
    // any more, and is what that look said.
    const last = (await (this.#observer ? this.#observer.finish() : app.lastLook())) ?? null;
    if (last === null && this.#observer) throw new Error('the observer ended without a last look');
    const threads = joinThreads(await app.report(), last, app.child.process.pid);
    await this.stop();
    this.#screen.end(threads, last);
    if (this.#options.json) console.log(JSON.stringify({ ...this.#head, threads }));
  }

  /** Ends all that was started. Again: does nothing. */
  async stop() {
    this.#stopped.abort();
    await Promise.all([
      this.#observer?.finish(),
      this.#broker?.finish(),
      ...this.#children.map((child) => child.stop()),
    ]);
  }

  get #head() {
    const { seconds } = this.#options;
    return this.#reason === ''
      ? { reader: 'bpf', mapId: this.#mapId, boundBy: this.#boundBy, seconds }
      : { reader: 'embedded', reason: this.#reason, mapId: null, seconds };
  }

  async #startObserver() {
    const { reader, pin } = this.#options;
    this.#reason = reader === 'embedded' ? 'asked for with --reader embedded' : whyNoObserver();
    if (this.#reason !== '') return;
    this.#observer = new Observer(pin);
    if (await this.#observer.ready) {
      this.#mapId = this.#observer.mapId;
      this.#watch(this.#observer.child);
    } else {
      await this.#withoutObserver(this.#observer.refusal);
    }
  }

  async #startBroker(pin) {
    this.#broker = new Broker(pin);
    if (!(await this.#broker.ready)) throw new Error(this.#broker.child.accident);
    this.#watch(this.#broker.child);
  }

  /** The kernel may have a map, and refuse it to the app. */
  async #checkBound(app) {
    const status = await app.status();
    if (status.bound) this.#boundBy = status.by;
    if (this.#observer && !status.bound) await this.#withoutObserver(status.reason);
  }

  async #withoutObserver(reason) {
    this.#reason = reason;
    await this.#observer.finish();
    this.#observer = null;
  }

  #watch(child) {
    this.#children.push(child);
    child.ended.then(() => {
      if (!child.stopping) this.#onAccident(new Error(child.accident));
    });
  }
}

/** @param {string[]} args */
async function main(args) {
  const options = readOptions(args);
  if (options === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  const demo = new Demo(options);
  const interrupted = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, resolve);
    process.stdout.on('error', resolve); // its reader has gone
  });
  try {
    return await Promise.race([
      demo.run().then(() => 0),
      demo.accident,
      interrupted.then(() => INTERRUPTED),
    ]);
  } finally {
    await demo.stop();
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`demo: ${error.message}`);
  if (error instanceof UsageError) console.error('Try --help.');
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

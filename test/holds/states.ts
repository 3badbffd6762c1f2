// What one process holds in each state that it may be in, over one that has no schedhint.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BrokerProcess, buildBroker } from '../broker/broker-process.js';
import { mountBpffs } from '../rig/bpffs.js';
import { LineProcess } from '../rig/json-lines-process.js';
import { type Context, NodeProcess } from '../rig/node-process.js';
import { Observer } from '../rig/observer-process.js';
import { until } from '../rig/until.js';
import { beyond, type Held, heldBy } from './held.js';

export const STATES = [
  'disabled',
  'waiting, no bpffs',
  'waiting, no map',
  'bound',
  'bound, and a worker',
  'unbound again',
  'bound by the broker',
  'after detach',
] as const;
export type State = (typeof STATES)[number];

const register = fileURLToPath(
  new URL('../../packages/schedhint/dist/register.cjs', import.meta.url),
);
const idle = fileURLToPath(new URL('programs/idle.cjs', import.meta.url));
const refuse = fileURLToPath(new URL('../faults/programs/build/refuse', import.meta.url));

const WATCHER = 'schedhint-watch';

/** Programs that end with this. */
class Idle {
  readonly #processes: LineProcess[] = [];

  async start(args: readonly string[], env: NodeJS.ProcessEnv): Promise<LineProcess> {
    const [command = process.execPath, ...others] = [...args, idle];
    const started = new LineProcess(command, others, {
      env: { NODE_OPTIONS: '', SCHEDHINT: '', SCHEDHINT_ADDON: '', ...env },
    });
    this.#processes.push(started);
    await started.next();
    return started;
  }

  async end(): Promise<void> {
    for (const started of this.#processes) await started.end();
  }
}

const preloaded = [process.execPath, '--require', register];

/** Measures all states. Needs a kernel with `__uptr`, and root. */
export async function measureStates(): Promise<Record<State, Held>> {
  const directory = mkdtempSync(join(tmpdir(), 'schedhint-holds-'));
  const bpffs = mountBpffs();
  const idles = new Idle();
  const SCHEDHINT_MAP = `${bpffs.path}/schedhint`;
  const NO_BROKER = { SCHEDHINT_BROKER: join(directory, 'nobody', 'broker.sock') };
  const states: Partial<Record<State, Held>> = {};
  try {
    const control = heldBy((await idles.start([process.execPath], {})).pid);
    const holds = ({ pid }: { readonly pid: number }) => beyond(heldBy(pid), control);
    const untilHeld = (process: LineProcess, what: string, is: (held: Held) => boolean) =>
      until(
        what,
        () => is(holds(process)),
        () => holds(process),
      );

    const off = { ...NO_BROKER, SCHEDHINT_MAP, SCHEDHINT: 'off' };
    states.disabled = holds(await idles.start(preloaded, off));

    const nowhere = { ...NO_BROKER, SCHEDHINT_MAP: join(directory, 'schedhint') };
    states['waiting, no bpffs'] = holds(await idles.start(preloaded, nowhere));

    const app = await idles.start(preloaded, { ...NO_BROKER, SCHEDHINT_MAP });
    await untilHeld(app, 'it waits', ({ threads }) => threads.includes(WATCHER));
    states['waiting, no map'] = holds(app);

    const observer = await Observer.start(SCHEDHINT_MAP);
    try {
      await untilHeld(app, 'it is bound', ({ descriptors }) => descriptors.includes('pidfd'));
      states.bound = holds(app);
      states['bound, and a worker'] = await withWorker(SCHEDHINT_MAP);
      states['after detach'] = await afterDetach(SCHEDHINT_MAP);
    } finally {
      await observer.stop();
    }
    await untilHeld(app, 'it is unbound', ({ descriptors }) => !descriptors.includes('pidfd'));
    states['unbound again'] = holds(app);
    states['bound by the broker'] = await throughBroker(SCHEDHINT_MAP, directory, idles, holds);
  } finally {
    await idles.end();
    bpffs.unmount();
    rmSync(directory, { recursive: true });
  }
  return states as Record<State, Held>;
}

async function throughBroker(
  map: string,
  directory: string,
  idles: Idle,
  holds: (process: LineProcess) => Held,
): Promise<Held> {
  buildBroker();
  const observer = await Observer.start(map);
  const socket = join(directory, 'broker.sock');
  const broker = await BrokerProcess.start({ maps: [map], socket });
  try {
    const env = { SCHEDHINT_MAP: map, SCHEDHINT_BROKER: socket };
    const app = await idles.start([refuse, 'bpf', 'EPERM', ...preloaded], env);
    const isBound = async () => (await observer.threads()).some(({ tid }) => tid === app.pid);
    await until('the broker has bound it', isBound);
    return holds(app);
  } finally {
    await broker.stop('SIGTERM');
    await observer.stop();
  }
}

const attach = ({ schedhint, keep }: Context, map: string) => {
  keep.thread = schedhint.attachThread({ map, scoped: true });
  return keep.thread.status.state;
};

/** With its own process as the control: it has schedhint, and has not attached. */
async function withWorker(map: string): Promise<Held> {
  const node = await NodeProcess.start();
  try {
    const worker = await node.startWorker();
    const control = heldBy(node.pid);
    await node.run(attach, map);
    await worker.run(attach, map);
    const held = () => beyond(heldBy(node.pid), control);
    // Before it has run at all, the watcher is called as the process is.
    await until('the watcher runs', () => held().threads.includes(WATCHER), held);
    return held();
  } finally {
    await node.kill();
  }
}

async function afterDetach(map: string): Promise<Held> {
  const node = await NodeProcess.start();
  try {
    const control = heldBy(node.pid);
    await node.run(attach, map);
    await node.run(({ keep }) => keep.thread.stop());
    const held = () => beyond(heldBy(node.pid), control);
    // Before it has run at all, the watcher is called as the process is.
    await until('the watcher has ended', () => held().threads.length === 0, held);
    return held();
  } finally {
    await node.kill();
  }
}

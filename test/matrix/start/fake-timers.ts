// Fake timers replace what time is made of in a test, before a thread attaches or after it. Binding, telling of it, publishing and
// counting go on in real time.

import { dirname, join } from 'node:path';
import { Observer } from '../../rig/observer-process.js';
import { KernelReader, runRow } from '../row.js';
import { StartedApp } from '../started-app.js';
import { toolsNode } from '../tool-project.js';
import { startProjectWith } from './start-project.js';

interface Tool {
  readonly versions: Readonly<Record<string, string>>;
  readonly command: (bin: (name: string) => string) => readonly string[];
  /** When time is replaced: `after` the thread has attached, `before` it, or `first`: before the packages are loaded. */
  readonly orders: readonly ('after' | 'before' | 'first')[];
}

const TOOLS: Readonly<Record<string, Tool>> = {
  jest: {
    versions: { jest: '30.5.2' },
    command: (bin) => [bin('jest'), '--config', 'jest.fake-timers.json', '--runInBand'],
    orders: ['after', 'before', 'first'],
  },
  sinon: {
    versions: { '@sinonjs/fake-timers': '15.5.0' },
    command: () => ['fake-timers/sinon.cjs'],
    orders: ['after', 'before', 'first'],
  },
  vitest: {
    versions: { vitest: '5.1.2', vite: '8.3.8' },
    command: (bin) => [bin('vitest'), 'run', '--config', 'vitest.fake-timers.mjs'],
    orders: ['after', 'before', 'first'],
  },
};

await runRow(async (reader) => {
  const { versions, command, orders } = TOOLS[process.argv[2]!]!;
  const { tools, project } = startProjectWith(versions);
  try {
    for (const order of orders) {
      await StartedApp.run(reader, async (app) => {
        const map = join(dirname(reader.map), `late-${order}`);
        const args = command((name) => tools.bin(name));
        const env = { SCHEDHINT_MAP: map, FAKE: order };
        const started = app.start(toolsNode.path, args, { cwd: project.path, env });
        await app.said(`waiting-${order}`);
        const observer = await Observer.start(map);
        try {
          const { tid, states } = await app.said(`bound-${order}`);
          if (`${states}` !== 'bound') throw new Error(`states ${states}`);
          await new KernelReader(map, observer).thread(
            `thread ${tid}, its urgency and its collections`,
            (thread) => thread.tid === tid && thread.gcCount > 0 && thread.hints.urgency === 900,
          );
          await app.said(`counted-${order}`);
          app.end();
          await started.endedWell();
        } finally {
          await observer.stop();
        }
      });
    }
    return {
      versions: `Node.js ${toolsNode.version}, ${tools.versions}`,
      found:
        'time replaced after the attach, before it, and before the load: bound, informed, published, counted',
    };
  } finally {
    project.remove();
  }
});

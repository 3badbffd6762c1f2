// Makes the metrics in a registry of prom-client. They are objects of ours with what a registry asks of a metric, so that nothing of
// prom-client is loaded: no bundler has to find it, and the registry may be of any copy and version.

import { type Stoppable, stoppable } from '@schedhint/core/thread';
import {
  FEEDBACK_COUNTERS,
  GAUGES,
  type MetricsOptions,
  observeOwnCollections,
  ownStalls,
  STALL_COUNTERS,
  threadsOf,
} from './figures.js';

/** As much of prom-client's `Registry` as is called. */
export interface PromRegistry {
  /** Adds a metric; throws if there is another one of its name. */
  registerMetric(metric: never): void;
  /** Removes the metric of a name. */
  removeSingleMetric(name: string): void;
}

interface PromValue {
  readonly labels: Record<string, string | number>;
  readonly value: number;
  /** Where it is not the metric's. */
  readonly metricName?: string;
}

/** What a registry calls of a metric. */
interface PromMetric {
  /** A registry for OpenMetrics changes it. */
  name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  get(): object;
  reset(): void;
}

const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];
const PAUSES = 'schedhint_gc_pause_seconds';

export function isRegistry(target: unknown): target is PromRegistry {
  const { registerMetric, removeSingleMetric } = (target ?? {}) as Partial<PromRegistry>;
  return typeof registerMetric === 'function' && typeof removeSingleMetric === 'function';
}

export function collectInRegistry(registry: PromRegistry, options: MetricsOptions): Stoppable {
  const threads = threadsOf(options);
  const perThread = (read: (thread: ReturnType<typeof threads>[string]) => number) => () =>
    Object.entries(threads()).map(([thread, of]) => ({ labels: { thread }, value: read(of) }));
  const pauses = new Pauses(options.buckets ?? BUCKETS);
  const metrics = [
    metric(
      PAUSES,
      'histogram',
      'GC pauses',
      () => pauses.values(),
      () => pauses.reset(),
    ),
    ...GAUGES.map(({ name, help, read }) =>
      metric(`schedhint_${name}`, 'gauge', help, perThread(read)),
    ),
    // The reader counts. When another takes over it starts at 0, as a restarted process would.
    ...FEEDBACK_COUNTERS.map(({ name, isSeconds, help, read }) =>
      metric(
        `schedhint_${name}${isSeconds ? '_seconds' : ''}_total`,
        'counter',
        help,
        perThread(({ feedback }) => read(feedback)),
      ),
    ),
    ...STALL_COUNTERS.map((counter) =>
      metric(counter.name.prom, 'counter', counter.help, () =>
        ownStalls(counter).map(({ thread, label, name, value }) => ({
          labels: { thread, [label]: name },
          value,
        })),
      ),
    ),
  ];
  const registered: string[] = [];
  const remove = () => {
    for (const name of registered) registry.removeSingleMetric(name);
  };
  try {
    for (const one of metrics) {
      const { name } = one;
      registry.registerMetric(one as never);
      registered.push(name);
    }
  } catch (error) {
    remove();
    throw error;
  }
  const stop = observeOwnCollections(options, (kind, seconds, thread) =>
    pauses.observe(kind, seconds, thread),
  );
  return stoppable(() => {
    stop();
    remove();
  });
}

function metric(
  name: string,
  type: PromMetric['type'],
  help: string,
  values: () => readonly PromValue[],
  reset = () => {},
): PromMetric {
  // Of a cluster's workers the values are added up.
  const get = () => ({ name: made.name, help, type, values: values(), aggregator: 'sum' });
  const made: PromMetric = { name, help, type, get, reset };
  return made;
}

/** Of one kind, in one thread. */
interface Counted {
  readonly labels: Readonly<Record<string, string>>;
  /** How many are in each bucket and in none before it; the last has no bound. */
  readonly counts: number[];
  sum: number;
}

/** A histogram. */
class Pauses {
  readonly #bounds: readonly number[];
  readonly #counted = new Map<string, Counted>();

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
  }

  observe(kind: string, seconds: number, thread: string): void {
    let counted = this.#counted.get(kind);
    if (counted === undefined) {
      const counts = new Array<number>(this.#bounds.length + 1).fill(0);
      counted = { labels: { thread, kind }, counts, sum: 0 };
      this.#counted.set(kind, counted);
    }
    const bucket = this.#bounds.findIndex((bound) => seconds <= bound);
    counted.counts[bucket < 0 ? this.#bounds.length : bucket]!++;
    counted.sum += seconds;
  }

  reset(): void {
    this.#counted.clear();
  }

  values(): PromValue[] {
    return [...this.#counted.values()].flatMap(({ labels, counts, sum }) => {
      let count = 0;
      const buckets = counts.map((more, i): PromValue => {
        count += more;
        return {
          labels: { le: this.#bounds[i] ?? '+Inf', ...labels },
          value: count,
          metricName: `${PAUSES}_bucket`,
        };
      });
      return [
        ...buckets,
        { labels: { ...labels }, value: sum, metricName: `${PAUSES}_sum` },
        { labels: { ...labels }, value: count, metricName: `${PAUSES}_count` },
      ];
    });
  }
}

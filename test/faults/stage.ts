// Owns the resources of one fault row (a bpffs, schedulers, apps), ends them, and checks that no map and no pinned page is left.

import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { mapExists } from '../rig/map-exists.js';
import { settledPins, untilPinnedAtMost } from '../rig/pinned-pages.js';
import { until } from '../rig/until.js';
import { App, type AppOptions } from './app.js';
import { Scheduler } from './scheduler.js';

/**
 * The environment of one row: a separate bpffs, and the schedulers and apps that the row starts. At
 * its end the machine must be in the state in which the row found it.
 */
export class Stage {
  readonly #bpffs: Bpffs;
  readonly #pins: number;
  readonly #apps: App[] = [];
  readonly #schedulers = new Set<Scheduler>();
  readonly #maps: number[] = [];
  readonly #props: (() => void | Promise<void>)[] = [];

  private constructor(bpffs: Bpffs, pins: number) {
    this.#bpffs = bpffs;
    this.#pins = pins;
  }

  static async open(): Promise<Stage> {
    return new Stage(mountBpffs(), await settledPins());
  }

  get directory(): string {
    return this.#bpffs.path;
  }

  /** Where the apps look for their map. */
  get map(): string {
    return `${this.directory}/schedhint`;
  }

  async scheduler(
    options: { pin?: string; reuse?: boolean; through?: readonly string[] } = {},
  ): Promise<Scheduler> {
    const scheduler = await Scheduler.start(options.pin ?? this.map, options);
    this.#schedulers.add(scheduler);
    this.#maps.push(scheduler.mapId);
    return scheduler;
  }

  /** An app whose threads have attached and work. */
  async app(options: AppOptions & { map?: string } = {}): Promise<App> {
    return this.#keep(await App.start(options.map ?? this.map, options));
  }

  /** One whose threads have not attached yet. */
  async launch(options: AppOptions & { map?: string } = {}): Promise<App> {
    return this.#keep(await App.launch(options.map ?? this.map, options));
  }

  async kill(scheduler: Scheduler): Promise<void> {
    this.#schedulers.delete(scheduler);
    await scheduler.kill();
  }

  async stop(scheduler: Scheduler): Promise<void> {
    this.#schedulers.delete(scheduler);
    await scheduler.stop();
  }

  /** Something else to take down at the end, whatever happens. */
  onClose(take: () => void | Promise<void>): void {
    this.#props.push(take);
  }

  /** Ends what still runs, and checks that nothing is left. */
  async finish(): Promise<void> {
    for (const app of this.#apps) await app.end();
    for (const scheduler of [...this.#schedulers]) await this.stop(scheduler);
    await this.clear();
    await until(
      'the maps are gone',
      () => !this.#maps.some(mapExists),
      () => this.#maps,
    );
    await untilPinnedAtMost(this.#pins);
  }

  /** Ends all, in whatever state it is. */
  async clear(): Promise<void> {
    for (const app of this.#apps.splice(0)) await app.kill();
    for (const scheduler of this.#schedulers) await scheduler.kill();
    this.#schedulers.clear();
    for (const take of this.#props.splice(0).reverse()) await take();
    if (this.#isOpen) this.#bpffs.unmount();
    this.#isOpen = false;
  }

  #isOpen = true;

  #keep(app: App): App {
    this.#apps.push(app);
    return app;
  }
}

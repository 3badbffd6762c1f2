// The rooms of each package and the arrows between them: which may import which. The check `rooms` holds the sources to this.
//
// A room is a folder under `home`, without the rooms in it, or one file; '.' is what is in no other room. A type-only import is an
// arrow like any other.

/**
 * @typedef {object} Home
 * @property {string} home folder of the sources, from the repository's root
 * @property {Readonly<Record<string, readonly string[]>>} rooms each room, and the rooms that it may import
 * @property {number} [maxFloors] how many rooms the longest path may have; by default 1
 */

/**
 * TypeScript. `name` is what the package's own imports say, `imports` are the packages that it may import.
 *
 * @type {readonly (Home & { name: string, imports: readonly string[] })[]}
 */
export const typeScript = [
  {
    name: 'schedhint',
    home: 'packages/schedhint/src',
    imports: ['@schedhint/gc-hooks', '@schedhint/core', '@schedhint/native'],
    maxFloors: 4,
    rooms: {
      'index.ts': ['requests', 'stalls'],
      'channels.ts': [],
      'layout.ts': [],
      'abi.ts': [],
      'testing.ts': [],
      cli: ['cli/check', 'cli/doctor', 'cli/why', 'config'],
      'cli/check': ['cli/process', 'proc'],
      'cli/why': ['cli/process', 'proc', 'stalls/shared-record.ts'],
      'cli/process': ['proc', 'stalls/shared-record.ts'],
      proc: [],
      stalls: ['proc', 'requests', 'stalls/shared-record.ts', 'stalls/stall-counts.ts'],
      'stalls/shared-record.ts': [],
      'stalls/stall-counts.ts': [],
      'cli/doctor': [],
      config: [],
      'integrations/fastify': ['requests'],
      'integrations/grpc': ['requests'],
      'integrations/piscina': ['requests'],
      'integrations/bullmq': ['requests'],
      'integrations/health': [],
      'integrations/log': [],
      'integrations/metrics': ['stalls/stall-counts.ts'],
      register: ['config', 'requests', 'stalls'],
      requests: [],
    },
  },
  {
    name: '@schedhint/gc-hooks',
    home: 'packages/gc-hooks/src',
    imports: ['@schedhint/core', '@schedhint/native'],
    rooms: { '.': [] },
  },
  {
    name: '@schedhint/core',
    home: 'packages/core/src',
    // By its own name in cli/gen alone, which is a program that uses it: so it has the copy that a user's module has too.
    imports: ['@schedhint/core', '@schedhint/native'],
    maxFloors: 7,
    rooms: {
      'cli/gen': ['cli'],
      cli: ['errors.ts'],
      'index.ts': ['thread', 'channel', 'block', 'view', 'layout', 'errors.ts'],
      testing: ['thread', 'channel', 'block', 'errors.ts'],
      thread: ['channel', 'block', 'view', 'layout', 'errors.ts'],
      channel: ['block', 'btf/bridge', 'view', 'layout', 'errors.ts'],
      block: ['view', 'layout', 'errors.ts'],
      view: ['layout', 'errors.ts'],
      layout: ['errors.ts'],
      'btf/index.ts': ['btf/bridge', 'btf', 'layout', 'errors.ts'],
      'btf/bridge': ['btf', 'layout', 'errors.ts'],
      btf: ['errors.ts'],
      'errors.ts': [],
    },
  },
  {
    name: '@schedhint/native',
    home: 'packages/native/ts',
    imports: [],
    rooms: { '.': [] },
  },
  {
    name: '@schedhint/observer',
    home: 'packages/observer/src',
    imports: ['@schedhint/core'],
    maxFloors: 3,
    rooms: {
      'cli/index.ts': ['cli/top', 'cli/trace'],
      'cli/top': ['cli', '.'],
      'cli/trace': ['cli', '.'],
      cli: [],
      '.': [],
    },
  },
];

/**
 * C and C++. `includePath`: where else than next to the file and in `home` an #include is looked for; `outside`: what it may
 * include there.
 *
 * @type {readonly (Home & { includePath: readonly string[], outside: readonly string[] })[]}
 */
export const cpp = [
  {
    // Others copy the folder: it includes nothing else of the repository.
    home: 'abi',
    includePath: ['abi/include'],
    outside: [],
    maxFloors: 3,
    rooms: {
      selftest: ['include', 'conformance'],
      conformance: ['include'],
      include: [],
    },
  },
  {
    home: 'packages/native/src',
    includePath: ['abi/include'],
    outside: ['abi/include'],
    maxFloors: 6,
    rooms: {
      napi: ['registry', 'stalls', 'gc', 'channel', 'memory', 'watcher', 'kernel'],
      registry: ['gc', 'channel', 'memory', 'watcher', 'kernel'],
      stalls: ['gc', 'kernel'],
      gc: ['channel', 'kernel'],
      channel: ['memory', 'watcher', 'kernel'],
      memory: ['kernel'],
      watcher: ['kernel'],
      kernel: [],
    },
  },
  {
    home: 'broker/src',
    includePath: ['abi/include', 'packages/native/src'],
    outside: ['abi/include', 'packages/native/src/kernel'],
    rooms: { '.': [] },
  },
  {
    // The machine knows of no policy, and the judges of none but by its operations.
    home: 'test/policy',
    includePath: [],
    outside: ['scheduler'],
    maxFloors: 2,
    rooms: {
      rows: ['machine'],
      core: ['machine'],
      earlier: ['machine'],
      machine: [],
      properties: [],
      bpf: [],
    },
  },
];

/**
 * Who may import @schedhint/native: files, and folders with all that is in them. It is the addon as it is, without the checks of
 * what is above it.
 */
export const nativeUsers = [
  'packages/core/src/thread',
  'packages/core/src/channel',
  // Asks for the offset of the time namespace.
  'packages/core/src/block/clock.ts',
  // Reads what the thread has used.
  'packages/core/src/block/thread-usage.ts',
  'packages/core/src/btf/source.ts',
  'packages/gc-hooks/src',
  'packages/schedhint/src/register',
  // The kill switch, the environment and uncaught errors, which have to be the same everywhere.
  'packages/schedhint/src/integrations/fastify',
  'packages/schedhint/src/integrations/health',
  'packages/schedhint/src/integrations/log',
  'packages/schedhint/src/integrations/metrics',
  'packages/schedhint/src/requests',
  'packages/schedhint/src/stalls',
  // It tries each step of attaching separately.
  'packages/schedhint/src/cli/doctor/patient.ts',
  // They stand in for a BPF reader, in the same process.
  'examples/demo/embedded.mjs',
  'examples/demo/embedded-reader.mjs',
  'test',
];

/** Which other folders are searched for imports of @schedhint/native. All of `test` may, so it is not. */
export const otherSources = ['examples', 'integrations', 'observer', 'scheduler', 'scripts'];

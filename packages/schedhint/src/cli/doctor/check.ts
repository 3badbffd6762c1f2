/** `skip`: does not apply here, or could not be asked because of another check's result. */
export type CheckState = 'pass' | 'warn' | 'fail' | 'skip';

/** What `doctor` looks at. `docs/doctor.md` has a line for each. */
const CHECKS = [
  'node',
  'addon',
  'kernel',
  'bpf',
  'pidfd_open',
  'memfd_create',
  'bpffs',
  'map',
  'broker',
  'reader',
  'collections',
  'workers',
  'time namespace',
  'descriptors',
] as const;
/** `layers`: the only one of `doctor --layered`. */
export type CheckName = (typeof CHECKS)[number] | 'layers';

/** One thing looked at. */
export interface Check {
  readonly name: CheckName;
  readonly state: CheckState;
  /** What was found. */
  readonly found: string;
  /** The one thing to do. Always there when it failed. */
  readonly todo?: string;
}

export const pass = (name: CheckName, found: string): Check => ({ name, state: 'pass', found });
export const skip = (name: CheckName, found: string): Check => ({ name, state: 'skip', found });
export const warn = (name: CheckName, found: string, todo: string): Check => ({
  name,
  state: 'warn',
  found,
  todo,
});
export const fail = (name: CheckName, found: string, todo: string): Check => ({
  name,
  state: 'fail',
  found,
  todo,
});

/** Why there is no observer, as a stable code. */
export type ObserverErrorCode =
  /** Not Linux, or no program for this processor. */
  | 'ERR_SCHEDHINT_OBSERVER_PLATFORM'
  /** The program is not where it should be. */
  | 'ERR_SCHEDHINT_OBSERVER_MISSING'
  /** It needs root, or CAP_BPF and CAP_PERFMON. */
  | 'ERR_SCHEDHINT_OBSERVER_PERMISSION'
  /** The kernel cannot run its programs: it is too old, or has no BTF. */
  | 'ERR_SCHEDHINT_OBSERVER_KERNEL'
  /** The pin is something else, or there is nowhere to pin. */
  | 'ERR_SCHEDHINT_OBSERVER_MAP'
  /** It has ended unexpectedly. */
  | 'ERR_SCHEDHINT_OBSERVER_ENDED';

/** What {@link startObserver} rejects with. */
export class ObserverError extends Error {
  override readonly name = 'ObserverError';
  readonly code: ObserverErrorCode;

  constructor(code: ObserverErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The program's exit codes: `enum failure` of observer.h. */
const CODES: Readonly<Record<number, ObserverErrorCode>> = {
  3: 'ERR_SCHEDHINT_OBSERVER_PERMISSION',
  4: 'ERR_SCHEDHINT_OBSERVER_KERNEL',
  5: 'ERR_SCHEDHINT_OBSERVER_MAP',
};

/** Of a program that has ended. `said`: its stderr, whose last line is its own message. */
export function errorOf(exit: number | null, signal: string | null, said: string): ObserverError {
  const message = said
    .trim()
    .split('\n')
    .at(-1)
    ?.replace(/^observer: /, '');
  return new ObserverError(
    CODES[exit ?? 0] ?? 'ERR_SCHEDHINT_OBSERVER_ENDED',
    message || `the observer has ended: ${signal ?? `exit code ${exit}`}`,
  );
}

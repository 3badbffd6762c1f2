// Reads what `node --test` reported in a VM, in TAP.

/**
 * @param {string} tap
 * @returns {{ passed: number, failed: number }}
 */
export function countTests(tap) {
  const count = (name) => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(tap)?.[1]);
  return {
    passed: count('pass'),
    // In the VM every test can run, so one that was skipped hides something.
    failed: count('fail') + count('cancelled') + count('skipped') + count('todo'),
  };
}

/** @param {string} tap @returns {string[]} the names of the tests that failed */
export function failedTests(tap) {
  return [...tap.matchAll(/^not ok \d+ - (.*)$/gm)].map(([, name]) => name);
}

// When requests are due: a Poisson process, the same for the same seed.

/** Numbers from 0 to 1, the same for the same seed. */
function* uniform(state) {
  for (;;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield (state + 0.5) / 2 ** 32;
  }
}

/**
 * @param {object} of
 * @param {number} of.rate a second, on average
 * @param {number} of.ms that they come
 * @param {number} of.seed
 * @returns {number[]} ms after the start
 */
export function arrivals({ rate, ms, seed }) {
  const random = uniform(seed);
  const times = [];
  for (let at = 0; ; times.push(at)) {
    at -= (Math.log(random.next().value) * 1000) / rate;
    if (at >= ms) return times;
  }
}

// Medians as they are printed, with their intervals and with what is only a bound.

/** @typedef {import('./order-statistics.mjs').Median} Median */
/** @typedef {import('./order-statistics.mjs').Range} Range */

const digits = (value) => (value >= 100 ? 0 : value >= 10 ? 1 : 2);
export const figure = (value) => value.toFixed(digits(value));

/** @param {Range} range @returns {string} empty: nothing is known */
function rangeText({ least, most }, dash = '-') {
  if (least === most) return figure(least);
  if (!Number.isFinite(most)) return least > 0 ? `>= ${figure(least)}` : '';
  return least > 0 ? `${figure(least)}${dash}${figure(most)}` : `<= ${figure(most)}`;
}

/** The interval of a median; empty: it has no interval, or nothing is known. @param {Median} median @param {string} [dash] */
export const intervalText = ({ interval, count }, dash) =>
  count > 1 && interval.least < interval.most ? rangeText(interval, dash) : '';

/** @param {Median | null} median @returns {string} with its interval */
export function medianText(median) {
  if (median === null) return '-';
  const interval = intervalText(median);
  return `${valueText(median)}${interval && ` (${interval})`}`;
}

/** @param {Median | null} median */
export const valueText = (median) => (median && rangeText(median)) || 'not known';

/** With fewer, that they agree is no sign. */
const RUNS_FOR_BOLD = 3;

/** What differs from 1 is printed bold. @param {Median | null} median */
export function ratioText(median) {
  const isCertain =
    median !== null &&
    median.count >= RUNS_FOR_BOLD &&
    (median.interval.most < 1 || median.interval.least > 1);
  return isCertain ? `**${medianText(median)}**` : medianText(median);
}

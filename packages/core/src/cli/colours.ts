// Wraps text in ANSI escape sequences, unless the stream is not a terminal or NO_COLOR is set.

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36, reverse: 7 } as const;

/** A way to set text off in a terminal. */
type Style = keyof typeof CODES;

/** Sets text off, or returns it as it is. */
export type Paint = (style: Style, text: string) => string;

/** Colours where a terminal shows them, and `NO_COLOR` does not forbid them. */
export function paintFor(stream: { readonly isTTY?: boolean }): Paint {
  return stream.isTTY && !process.env.NO_COLOR ? paint : (_, text) => text;
}

function paint(style: Style, text: string): string {
  return `\x1b[${CODES[style]}m${text}\x1b[0m`;
}

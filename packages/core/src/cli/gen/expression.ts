/** A TypeScript expression that is written on one line where it fits, as formatters do. */
export type Expression =
  | string
  | { readonly call: string; readonly args: readonly Expression[] }
  | { readonly fields: readonly (readonly [name: string, value: Expression, comment?: string])[] };

const WIDTH = 100;

/**
 * The text of an expression, without indentation on its first line.
 *
 * @param indent of the line that it begins on
 * @param used characters on that line before and behind it
 */
export function print(expression: Expression, indent: string, used: number): string {
  if (typeof expression === 'string') return expression;
  const deeper = `${indent}  `;
  if ('fields' in expression) {
    const lines = expression.fields.map(([name, value, comment]) => {
      const prefix = name === value ? '' : `${name}: `;
      const text = print(value, deeper, deeper.length + prefix.length + 1);
      return `${comment === undefined ? '' : `${deeper}/** ${comment} */\n`}${deeper}${prefix}${text},\n`;
    });
    return `{\n${lines.join('')}${indent}}`;
  }
  const { call, args } = expression;
  const inline = args.map((arg) => oneLine(arg));
  if (inline.every((text) => text !== null)) {
    const text = `${call}(${inline.join(', ')})`;
    if (used + text.length <= WIDTH) return text;
  }
  const last = args.at(-1)!;
  const before = inline.slice(0, -1);
  // An object as the last argument keeps its braces on the lines of the call.
  if (typeof last === 'object' && 'fields' in last && before.every((text) => text !== null)) {
    return `${call}(${[...before, print(last, indent, 0)].join(', ')})`;
  }
  const lines = args.map((arg) => `${deeper}${print(arg, deeper, deeper.length + 1)},\n`);
  return `${call}(\n${lines.join('')}${indent})`;
}

/** Null for what takes several lines. */
function oneLine(expression: Expression): string | null {
  if (typeof expression === 'string') return expression;
  if ('fields' in expression) return null;
  const args = expression.args.map((arg) => oneLine(arg));
  return args.includes(null) ? null : `${expression.call}(${args.join(', ')})`;
}

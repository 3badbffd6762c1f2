// Parses JSON and keeps what JSON.parse() forgets and a parser in Rust does not accept: names given twice, numbers written with a
// fraction, and halves of surrogate pairs.

/** A number that was written with a fraction or an exponent, or as -0: not an integer for a strict parser, whatever its value. */
export class Fractional {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** A value as JSON.parse() gives it, with {@link Fractional} in place of some numbers. */
export interface AsWritten {
  readonly value: unknown;
  /** Names that an object has more than once. */
  readonly twice: readonly string[];
  /** Strings with half of a surrogate pair. */
  readonly halves: readonly string[];
}

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|[{}[\]:]/g;
const INTEGER = /^(?:0|-?[1-9]\d*)$/;
/** In the text that is parsed, in place of such a number. No key of another object: the mark is drawn until it is not in the text. */
const mark = (text: string) => {
  let name = 'fractional';
  while (text.includes(name)) name += '_';
  return name;
};

/** @throws SyntaxError as JSON.parse() */
export function parseAsWritten(text: string): AsWritten {
  JSON.parse(text); // whatever follows relies on it
  const name = mark(text);
  const marked = text.replace(TOKEN, (token) =>
    /^[-\d]/.test(token) && !INTEGER.test(token) ? `{"${name}":${token}}` : token,
  );
  const value: unknown = JSON.parse(marked, (_, part) =>
    typeof part === 'object' && part !== null && Object.hasOwn(part, name)
      ? new Fractional((part as Record<string, number>)[name]!)
      : part,
  );
  return { value, ...repeated(text) };
}

/** Walks the tokens of a text that is known to be JSON. */
function repeated(text: string): Pick<AsWritten, 'twice' | 'halves'> {
  const twice: string[] = [];
  const halves: string[] = [];
  const open: (Set<string> | null)[] = [];
  let last: string | undefined;
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(null);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') {
      const names = open.at(-1)!;
      if (names!.has(last!)) twice.push(last!);
      names!.add(last!);
    } else if (token.startsWith('"')) {
      last = JSON.parse(token) as string;
      if (/\p{Surrogate}/u.test(last)) halves.push(last);
    }
  }
  return { twice, halves };
}

// Converts names of C types to unique identifiers of a TypeScript module, and names of its exports back to snake case.

const RESERVED = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum ' +
    'eval export extends false finally for function if implements import in instanceof interface ' +
    'let new null package private protected public return static super switch this throw true try ' +
    'typeof undefined var void while with yield Object BigInt'
  ).split(' '),
);

/** Names of a TypeScript module: no two are the same, and none is a word of the language. */
export class Identifiers {
  readonly #taken: Set<string>;

  /** @param taken what the module imports */
  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken);
  }

  /** For a value: `user_data` becomes `userData`. */
  value(tag: string): string {
    const name = pascal(tag);
    return this.#claim(`${name[0]!.toLowerCase()}${name.slice(1)}`);
  }

  /** For a type, or an object of constants: `user_data` becomes `UserData`. */
  type(tag: string): string {
    return this.#claim(pascal(tag));
  }

  #claim(wanted: string): string {
    const first = /^[0-9]/.test(wanted) ? `_${wanted}` : wanted;
    let name = RESERVED.has(first) ? `${first}_` : first;
    for (let number = 2; this.#taken.has(name); number++) name = `${first}${number}`;
    this.#taken.add(name);
    return name;
  }
}

function pascal(tag: string): string {
  const words = tag.split('_').filter((word) => word !== '');
  if (words.length === 0) return '_';
  return words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('');
}

/** `userData` becomes `user_data`. */
export function snakeCase(name: string): string {
  return name.replaceAll(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
}

// SPDX-License-Identifier: GPL-2.0-only
// Finds functions and other items in C and Rust sources, by their names and their braces. It knows what a comment and a string
// are, and nothing of the preprocessor.

/**
 * @typedef {object} Item
 * @property {number} start of the line that it begins in
 * @property {number} end behind its last brace
 */

const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\//;
/** Strings and characters. A Rust lifetime ('a) is no character. */
const TEXT =
  /(?<!\w)b?r(?<hashes>#*)"[\s\S]*?"\k<hashes>|"(?:\\[\s\S]|[^"\\])*"|'(?:\\(?:[^\n']+|')|[^'\\\n])'/;
const COMMENT_OR_TEXT = new RegExp(`(?<comment>${COMMENT.source})|${TEXT.source}`, 'g');

const blank = (text) => text.replace(/[^\n]/g, ' ');

/** @param {string} source @param {boolean} andTexts @returns {string} of the same length, with spaces in place of what is left out */
function withoutComments(source, andTexts) {
  return source.replace(COMMENT_OR_TEXT, (found, ...rest) =>
    andTexts || rest.at(-1).comment !== undefined ? blank(found) : found,
  );
}

/** @param {string} source @returns {string} of the same length, with spaces in place of comments */
export const codeOf = (source) => withoutComments(source, false);

/** Where the item ends whose name stands at `from`: undefined if that is not where one is defined. */
function endOfItem(bare, from) {
  let depth = 0;
  let braces = 0;
  for (let i = from; i < bare.length; i++) {
    const char = bare[i];
    if (char === '(' || char === '[') depth++;
    else if (char === ')' || char === ']') depth--;
    else if (char === '{') braces++;
    else if (char === '}' && --braces === 0) return i + 1;
    // A declaration, a call, or a name inside of another item. ([u8; 4] has a semicolon too.)
    if (braces < 0 || (braces === 0 && depth <= 0 && char === ';')) return undefined;
  }
  return undefined;
}

/** How many braces are open at `to`. */
function bracesOpen(bare, to) {
  let open = 0;
  for (let i = 0; i < to; i++) open += bare[i] === '{' ? 1 : bare[i] === '}' ? -1 : 0;
  return open;
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** What a name stands in where it is defined: C's functions have theirs in a macro too, BPF_STRUCT_OPS(name, ...). */
const definitionOf = {
  c: (name) => `(?:(?<=\\(\\s*)${name}(?=\\s*[,)])|${name}(?=\\s*[({]))`,
  rust: (name) => (name.startsWith('impl') ? '' : '(?:fn|struct|enum|trait|mod)\\s+') + name,
};

/**
 * All definitions of a name. In Rust it is what follows `fn`, `struct`, `enum`, `trait` or `mod`, or an impl as it is written (`impl<'a> X`,
 * `impl Drop for X`); in C a function, or `struct name`, that stands outside of all braces.
 *
 * @param {string} source
 * @param {string} name
 * @param {'c' | 'rust'} language
 * @returns {Item[]}
 */
export function findItems(source, name, language) {
  const bare = withoutComments(source, true);
  const definition = new RegExp(`(?<!\\w)${definitionOf[language](escaped(name))}(?!\\w)`, 'g');
  return [...bare.matchAll(definition)].flatMap(({ index, 0: text }) => {
    if (language === 'c' && bracesOpen(bare, index) > 0) return [];
    const end = endOfItem(bare, index + text.length);
    const start = source.lastIndexOf('\n', index) + 1;
    return end === undefined ? [] : [{ start, end }];
  });
}

// The prose in a file: all of a page, the comments and strings of a program.

const PAGE = /\.(md|txt)$/;
const C_LIKE = /\.([cm]?[jt]sx?|c|cc|h|css)$/;
const HASH_COMMENTS =
  /(^|\/)(Makefile|Dockerfile|CMakeLists\.txt|[^/]*\.(Dockerfile|ya?ml|sh|service|socket|conf|cfg|map)|\.ci\/run)$/;

/**
 * Comments and strings, and two kinds of token that may contain quotes: regular expressions and C++ numbers. This is no parser: a
 * template with a nested template is split in the wrong places, which does not change the counts.
 */
const TOKEN = new RegExp(
  [
    String.raw`(?<comment>//[^\n]*|/\*[\s\S]*?\*/)`,
    String.raw`(?<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|${'`'}(?:\\.|[^${'`'}\\])*${'`'})`,
    String.raw`(?<=[=(,:!&|?{};[\n]\s*)/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+/[a-z]*`,
    String.raw`\b\d[\w']*`,
  ].join('|'),
  'g',
);

/**
 * @param {string} file whose name says the language
 * @param {string} text
 * @returns {string} with single spaces, so that a phrase is found across the end of a line, also in a comment
 */
export function proseOf(file, text) {
  if (HASH_COMMENTS.test(file)) return plain(text.replaceAll(/^\s*#/gm, ' '));
  if (PAGE.test(file)) return plain(text);
  if (!C_LIKE.test(file)) return '';
  let prose = '';
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    const { comment, string } = match.groups;
    // `//` on successive lines is one comment, and strings joined by + are one string.
    const between = text.slice(end, match.index);
    if (comment !== undefined || string !== undefined) {
      if (/[^\s+]/.test(between)) prose += ' | ';
      prose += ` ${comment?.replaceAll(/^\s*(\/\/|\/?\*+)|\*\/$/gm, ' ') ?? string.slice(1, -1)}`;
    }
    end = match.index + match[0].length;
  }
  return plain(prose);
}

/**
 * @param {string} file whose name says the language
 * @param {string} text
 * @returns {{ line: number, text: string }[]} the strings of a program that have a space: what it may show
 */
export function stringsOf(file, text) {
  if (!C_LIKE.test(file)) return [];
  return [...text.matchAll(TOKEN)]
    .filter(({ groups }) => /\s/.test(groups.string ?? ''))
    .map((match) => ({
      line: text.slice(0, match.index).split('\n').length,
      text: plain(match[0].slice(1, -1)),
    }));
}

const plain = (text) => text.replaceAll(/\s+/g, ' ');

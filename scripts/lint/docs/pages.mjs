// What people wrote in a Markdown page: without the tables that programs write, and its words.

/** A table and the marks around it, each a comment: `<!-- NAME -->` and `<!-- /NAME -->`, or `<!-- npm run ... -->` and `<!-- end -->`. */
const WRITTEN = [
  /<!-- (matrix|schedulers|figures|table)\b[^>]*-->[\s\S]*?<!-- \/\1 -->/g,
  /<!-- npm run [^>]*-->[\s\S]*?<!-- end -->/g,
];

const blank = (text) => text.replaceAll(/[^\n]/g, '');

/**
 * @param {string} page
 * @returns {string} with as many lines as before, so that their numbers hold
 */
export function byPeople(page) {
  return WRITTEN.reduce((text, written) => text.replaceAll(written, blank), page);
}

/**
 * @param {string} changelog
 * @returns {string} the part that is not released yet, with as many lines as before
 */
export function unreleased(changelog) {
  return changelog.replace(
    /([\s\S]*?^## Unreleased\n)([\s\S]*?)(?=^## |$(?![\s\S]))([\s\S]*)/m,
    (_, before, part, after) => blank(before) + part + blank(after),
  );
}

/**
 * @param {string} page
 * @returns {number} of words that people wrote, without code, comments and the targets of links
 */
export function wordsOf(page) {
  return byPeople(page)
    .replaceAll(/^```[\s\S]*?^```$/gm, ' ')
    .replaceAll(/<!--[\s\S]*?-->/g, ' ')
    .replaceAll(/\]\([^)]*\)/g, '] ')
    .split(/\s+/)
    .filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}

/**
 * @param {string} page
 * @returns {boolean} whether a sentence follows its title, before any table, code or heading
 */
export function opensWithSentence(page) {
  const [, first = ''] = /^# .+\n+([\s\S]*)/.exec(page) ?? [];
  return /^(?!```)[`*_\p{Lu}]/u.test(first);
}

/**
 * @param {string} glossary the page
 * @returns {string} without the words that it names because they are not used
 */
export function withoutUnwanted(glossary) {
  return glossary.replaceAll(/^(\|.*\|)[^|\n]*\|$/gm, '$1');
}

/**
 * @param {string} glossary the page
 * @returns {[string, string][]} a word that is not used here, and the term that is
 */
export function unwantedWords(glossary) {
  return glossary
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(2)
    .flatMap((line) => {
      const [term, , unwanted] = line.slice(2, -2).split(' | ');
      return (unwanted ?? '')
        .split(',')
        .map((word) => word.trim())
        .filter((word) => word !== '' && word !== '|')
        .map((word) => [word, term]);
    });
}

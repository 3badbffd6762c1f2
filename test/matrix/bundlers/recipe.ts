// The steps of docs/bundlers.md: the rows run it as it stands there.

import { blocksOf, read } from '../../docs/pages.js';

const PAGE = 'docs/bundlers.md';

export interface Recipe {
  /** The files that it shows, each with its name in a comment of its first line. */
  readonly files: Readonly<Record<string, string>>;
  /** The commands that it shows. */
  readonly commands: readonly string[];
  /** The JSON that it shows; empty: none. */
  readonly json: string;
}

/** What stands below a heading of that page. */
export function recipe(heading: string): Recipe {
  const lines = read(PAGE).split('\n');
  const first = lines.indexOf(`## ${heading}`) + 1;
  if (first === 0) throw new Error(`${PAGE} has no ${heading}`);
  const length = lines.slice(first).findIndex((line) => line.startsWith('## '));
  const isInside = (line: number) => line > first && (length < 0 || line <= first + length);
  const blocks = blocksOf(PAGE).filter(({ line }) => isInside(line));
  const files = blocks.flatMap(({ code, language }) => {
    const [, name] = /^\/\/ (\S+)\n/.exec(code) ?? [];
    return language === 'js' && name !== undefined ? [[name, code]] : [];
  });
  const commands = blocks
    .filter(({ language }) => language === 'sh')
    .flatMap(({ code }) => code.split('\n').map((line) => line.replace(/\s+#.*/, '').trim()))
    .filter((line) => line !== '');
  const json = blocks.find(({ language }) => language === 'json')?.code ?? '';
  return { files: Object.fromEntries(files), commands, json };
}

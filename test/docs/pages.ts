// What a reader of the documentation sees: pages, their code blocks, their links.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Every Markdown page of the repository, by its path there except the API reports, which a program writes. */
export const pages: readonly string[] = execFileSync(
  'git',
  ['ls-files', '-co', '--exclude-standard', '*.md', ':!packages/*/api/*'],
  { cwd: root, encoding: 'utf8' },
)
  .split('\n')
  .filter((file) => file !== '');

export const read = (page: string) => readFileSync(`${root}/${page}`, 'utf8');

/** A fenced block of code. */
export interface Block {
  readonly page: string;
  /** Of its first line of code, from 1. */
  readonly line: number;
  readonly language: string;
  readonly code: string;
  /** What a reader need not see but a compiler must: `<!-- with ... -->` before the block. */
  readonly with: string;
  /** Files next to it: `<!-- file NAME ... -->` before the block. */
  readonly files: Readonly<Record<string, string>>;
}

const FENCE = /((?:<!-- (?:with|file)[\s\S]*?-->\n+)*)^```(\w*)\n([\s\S]*?)^```$/gm;

export function blocksOf(page: string): Block[] {
  const text = read(page);
  return [...text.matchAll(FENCE)].map((match) => {
    const [, comments, language, code] = match as unknown as [string, string, string, string];
    const before = text.slice(0, match.index + comments.length);
    const files = [...comments.matchAll(/<!-- file (\S+)\n([\s\S]*?)-->/g)];
    return {
      page,
      line: before.split('\n').length + 1,
      language,
      code,
      with: /<!-- with\n([\s\S]*?)-->/.exec(comments)?.[1] ?? '',
      files: Object.fromEntries(files.map(([, name, content]) => [name!, content!])),
    };
  });
}

export const blocks: readonly Block[] = pages.flatMap(blocksOf);
export const at = ({ page, line }: Block) => `${page}:${line}`;

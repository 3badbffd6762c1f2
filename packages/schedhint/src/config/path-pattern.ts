// Compiles the paths of routes.

/**
 * A route's path as a function of a request's. `*` is one segment, which is not empty; `**` at the end is the rest with its slash, or nothing.
 *
 * @param pattern one that checkConfig() takes
 */
export function matcherOf(pattern: string): (path: string) => boolean {
  if (!pattern.includes('*')) return (path) => path === pattern;
  const source = pattern
    .split('/')
    .map((segment) => {
      if (segment === '**') return '(?:/[^]*)?';
      return `/${segment === '*' ? '[^/]+' : escaped(segment)}`;
    })
    .join('')
    .slice(1); // nothing is before the first slash
  const expression = new RegExp(`^${source}$`);
  return (path) => expression.test(path);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

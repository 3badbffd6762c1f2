/**
 * Whether this is what musl's loader says of a file that it does not load. glibc's says other things. Its words are the
 * cheapest sign: they cost nothing where the addon loads, they need no /proc and no permission, and `process.report`, which knows it too,
 * stops every worker to ask it.
 */
export function isOfMuslsLoader(message: string): boolean {
  return /\bError (loading shared library|relocating) /.test(message);
}

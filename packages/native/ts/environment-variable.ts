/** A variable of the environment. Undefined also where the runtime keeps it from us: Deno throws without `--allow-env`. */
export function environmentVariable(name: string): string | undefined {
  try {
    return process.env[name];
  } catch {
    return undefined;
  }
}

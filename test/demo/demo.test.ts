import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Check, checkBpfReport, checkEmbeddedReport } from './checks.mjs';

const demo = fileURLToPath(new URL('../../examples/demo/demo.mjs', import.meta.url));
const kptrUser = fileURLToPath(new URL('../../examples/kptr-user/client.mjs', import.meta.url));

/** Why BPF can't be used here; '' if it can. */
const noBpf =
  process.platform !== 'linux' || process.getuid?.() !== 0 ? 'needs Linux, and root for BPF' : '';
if (noBpf !== '') console.warn(`demo tests with BPF: skipped, ${noBpf}`);

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[], options: { env?: NodeJS.ProcessEnv } = {}): ChildProcess {
  return spawn(process.execPath, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
}

async function end(child: ChildProcess): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const [code] = await once(child, 'close');
  return { code, stdout, stderr };
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1)!;
}

/** Every sentence that is not true, with what is. */
function failures(checks: readonly Check[]): string[] {
  return checks.filter(({ passed }) => !passed).map(({ name, detail }) => `${name}: ${detail}`);
}

/** Processes whose command line or environment names the pin: all that a demo has started. */
function processesOf(pin: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => `${pid} ${read(`/proc/${pid}/cmdline`)} ${read(`/proc/${pid}/environ`)}`)
    .filter((text) => text.includes(pin))
    .map((text) => text.slice(0, 200).replaceAll('\0', ' '));
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // it has ended
  }
}

// Finds the process that a command is to look at, and what of it this user may see.

import { readFileSync } from 'node:fs';
import { type CpuCgroup, findCpuCgroup } from '../../proc/cgroup.js';
import { findMemoryPlaces, type MemoryPlaces } from '../../proc/memory.js';
import { mapsFile, programName, readProcess, startVariable } from '../../proc/process.js';
import { findStallRecord } from './stall-record.js';

/**
 * What a process says of its collections and stalls: `stalls`: it shares a record of both; `schedhint`: it has loaded schedhint and
 * does not watch stalls; `none`: it has not loaded schedhint; `hidden`: this user may not ask.
 */
export type OwnAccount = 'stalls' | 'schedhint' | 'none' | 'hidden';

/** A process to look at. */
export interface Target {
  readonly pid: number;
  /** Its folder in /proc. */
  readonly folder: string;
  /** Where procfs is mounted. */
  readonly proc: string;
  readonly name: string;
  /** The name of its program's file. */
  readonly program: string;
  readonly uid: number;
  readonly allowedCpus: number;
  /** UV_THREADPOOL_SIZE. */
  readonly poolSize: number;
  readonly cgroup: CpuCgroup | null;
  readonly memory: MemoryPlaces | null;
}

const POOL_SIZE = 4;
const MOST_POOL_THREADS = 1024;

/**
 * The process with this pid.
 *
 * @throws Error `ERR_SCHEDHINT_NO_PROCESS`, `ERR_SCHEDHINT_PROCESS_PERMISSION`, `ERR_SCHEDHINT_PLATFORM_UNSUPPORTED`
 */
export function findTarget(pid: number, proc = '/proc'): Target {
  if (process.platform !== 'linux') {
    throw failure('ERR_SCHEDHINT_PLATFORM_UNSUPPORTED', 'this reads /proc, which only Linux has');
  }
  const folder = `${proc}/${pid}`;
  try {
    const size = Number(startVariable(folder, 'UV_THREADPOOL_SIZE') ?? POOL_SIZE);
    return {
      pid,
      folder,
      proc,
      ...readProcess(folder),
      program: programName(folder),
      poolSize: size >= 1 && size <= MOST_POOL_THREADS ? Math.floor(size) : POOL_SIZE,
      cgroup: orNull(() => findCpuCgroup(pid, proc)),
      memory: orNull(() => findMemoryPlaces(pid, proc)),
    };
  } catch (error) {
    throw explained(error as NodeJS.ErrnoException, pid, proc);
  }
}

/** What the process says of its collections and stalls; it may begin to while it runs. */
export function ownAccount({ folder }: Target): OwnAccount {
  try {
    if (findStallRecord(folder) !== null) return 'stalls';
  } catch {
    return 'hidden';
  }
  return mapsFile(folder, /schedhint[^/]*\.node$/) ? 'schedhint' : 'none';
}

/** One sentence: what is known of collections and stalls, and what to do to know more. */
export function accountText(account: OwnAccount, { folder, uid }: Target): string {
  switch (account) {
    case 'stalls':
      return 'This process watches its stalls: it has counted its collections and stalls itself.';
    case 'schedhint':
      return 'This process runs schedhint but does not watch its stalls, so collections and stalls are not known: start it with SCHEDHINT_STALLS=50.';
    case 'none':
      return 'This process does not run schedhint/register: collections and stalls are not known. Start it with NODE_OPTIONS="--require schedhint/register" SCHEDHINT_STALLS=50.';
    case 'hidden':
      return `This user may not look at the descriptors of the process, so collections and stalls are not known: ${
        uid === process.getuid?.()
          ? `the kernel refuses ${folder}/fd, as it does for a program with capabilities or another user's identity; run this as root`
          : `run this as its user (sudo -u '#${uid}')`
      }.`;
  }
}

/** Without its cgroups a process can still be measured. */
function orNull<T>(find: () => T): T | null {
  try {
    return find();
  } catch {
    return null;
  }
}

function explained(error: NodeJS.ErrnoException, pid: number, proc: string): Error {
  const hides = hidesProcesses(proc);
  switch (error.code) {
    case 'ENOENT':
    case 'ESRCH':
      return failure(
        'ERR_SCHEDHINT_NO_PROCESS',
        hides
          ? `there is no process ${pid} that this user may see: /proc is mounted with hidepid, which hides those of other users. Run this as the user of the process, or as root`
          : `there is no process ${pid} in this pid namespace (${error.code})`,
      );
    case 'EACCES':
    case 'EPERM':
      return failure(
        'ERR_SCHEDHINT_PROCESS_PERMISSION',
        `reading ${proc}/${pid} failed (${error.code})${hides ? ': /proc is mounted with hidepid' : ''}. Run this as the user of the process, or as root`,
      );
    default:
      return error;
  }
}

/** Whether /proc hides the processes of other users. */
function hidesProcesses(proc: string): boolean {
  try {
    const lines = readFileSync(`${proc}/self/mountinfo`, 'utf8').split('\n');
    return lines.some((line) => / - proc .*\bhidepid=(?!0\b|off\b)/.test(line));
  } catch {
    return false;
  }
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

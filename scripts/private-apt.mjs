// A second apt, next to the machine's: its mirror and its way to it, but other suites, an empty
// package database, and a directory that is thrown away. The machine's apt and dpkg stay untouched.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** A failure that its message explains to the user who runs the command. */
export class ExplainedError extends Error {}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').ExecFileSyncOptions} [options]
 * @returns {string} stdout
 */
export function output(command, args, options = {}) {
  try {
    return execFileSync(command, args, {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...options,
    });
  } catch (error) {
    const said = String(error.stderr ?? '').trim() || error.message;
    throw new ExplainedError(`${command} ${args.slice(0, 4).join(' ')} failed: ${said}`);
  }
}

/** The mirror that serves most of this machine's Debian packages. */
function machineMirror() {
  const lines = output('apt-get', ['indextargets', '--format', '$(ORIGIN) $(CODENAME) $(SITE)']);
  const sites = lines
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([origin, codename]) => origin === 'Debian' && !codename.endsWith('-security'))
    .map(([, , site]) => site);
  const count = (site) => sites.filter((other) => other === site).length;
  const [mirror] = [...new Set(sites)].sort((a, b) => count(b) - count(a));
  if (mirror) return mirror;
  throw new ExplainedError(
    'apt-get indextargets names no Debian mirror: this needs a Debian machine whose package ' +
      'lists have been fetched (apt-get update)',
  );
}

/** How this machine reaches its mirror: proxies, certificates, which dates it checks. */
function machineAcquireOptions() {
  return output('apt-config', ['dump'])
    .split('\n')
    .filter((line) => /^Acquire::(https?|Check-|Retries|ForceIPv)/.test(line))
    .join('\n');
}

export class PrivateApt {
  #home;
  #env;

  /**
   * @param {string} parent where its directory is made
   * @param {string[]} suites of Debian
   * @param {string} [architecture] as dpkg calls it
   */
  constructor(parent, suites, architecture = 'amd64') {
    const mirror = machineMirror();
    const acquire = machineAcquireOptions();
    mkdirSync(parent, { recursive: true });
    const home = mkdtempSync(join(parent, 'apt-'));
    this.#home = home;
    for (const directory of [
      'etc/preferences.d',
      'etc/trusted.gpg.d',
      'state/lists/partial',
      'cache/archives/partial',
      'log',
    ]) {
      mkdirSync(join(home, directory), { recursive: true });
    }
    // With an empty package database the dependencies come to a complete set, libc included.
    writeFileSync(join(home, 'status'), '');
    writeFileSync(
      join(home, 'etc/sources.list'),
      suites.map((suite) => `deb [signed-by=${KEYRING}] ${mirror} ${suite} main\n`).join(''),
    );
    writeFileSync(
      join(home, 'apt.conf'),
      `${acquire}
Dir "${home}"; Dir::Etc "etc"; Dir::Etc::parts "none"; Dir::Etc::main "none";
Dir::Etc::netrc "/etc/apt/auth.conf"; Dir::Etc::netrcparts "/etc/apt/auth.conf.d";
Dir::State "state"; Dir::State::status "${home}/status"; Dir::Cache "cache"; Dir::Log "log";
APT::Architecture "${architecture}"; APT::Architectures { "${architecture}"; }; APT::Install-Recommends "false";
APT::Sandbox::User "root"; Acquire::Languages "none"; Acquire::Retries "3";
`,
    );
    this.#env = { ...process.env, APT_CONFIG: join(home, 'apt.conf'), LC_ALL: 'C.UTF-8' };
    this.#run('apt-get', ['-qq', 'update']);
  }

  #run(command, args, options = {}) {
    return output(command, args, { env: this.#env, ...options });
  }

  /** @param {string} prefix @returns {string[]} the packages whose name starts with it */
  names(prefix) {
    return this.#run('apt-cache', ['pkgnames', prefix]).split('\n').filter(Boolean);
  }

  /**
   * Unpacks packages and all that they depend on.
   *
   * @param {string[]} packages
   * @param {string} suite preferred
   * @param {string} target directory
   */
  unpackWithDependencies(packages, suite, target) {
    const archives = join(this.#home, 'cache/archives');
    this.#run('apt-get', ['-qq', '-y', '-t', suite, '--download-only', 'install', ...packages]);
    for (const name of readdirSync(archives).filter((file) => file.endsWith('.deb'))) {
      output('dpkg-deb', ['-x', join(archives, name), target]);
    }
  }

  /**
   * Unpacks packages alone.
   *
   * @param {string[]} packages
   * @param {string} target directory
   */
  unpack(packages, target) {
    this.#run('apt-get', ['-qq', 'download', ...packages], { cwd: target });
    for (const name of readdirSync(target).filter((file) => file.endsWith('.deb'))) {
      output('dpkg-deb', ['-x', join(target, name), target]);
    }
  }

  remove() {
    rmSync(this.#home, { recursive: true, force: true });
  }
}

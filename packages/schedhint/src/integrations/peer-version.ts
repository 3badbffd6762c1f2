/**
 * What an integration throws where the package that it is for is too old. Not a range in `peerDependencies`: npm would then refuse to
 * install schedhint for apps that do not use the integration, too.
 */
export function peerTooOld(name: string, needed: string): Error {
  const message = `schedhint needs ${name} ${needed} for this, and an older one is installed: npm i ${name}@latest`;
  return Object.assign(new Error(message), { code: 'ERR_SCHEDHINT_PEER_VERSION' });
}

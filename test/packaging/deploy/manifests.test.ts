// The Kubernetes manifests against Kubernetes' own schemas, and against what the broker needs.

import { readFileSync } from 'node:fs';
import { DaemonSet, Deployment } from 'kubernetes-models/apps/v1';
import { Namespace } from 'kubernetes-models/v1';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';

const home = new URL('../../../examples/deploy/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, home), 'utf8');
const KINDS = { DaemonSet, Deployment, Namespace } as const;

/** Its objects, checked. */
function objects(name: string) {
  return parseAllDocuments(read(name), { strict: true }).map((document) => {
    expect(document.errors).toEqual([]);
    const object = document.toJS() as { kind: keyof typeof KINDS };
    const model = new KINDS[object.kind](object as never);
    model.validate();
    return model;
  });
}

const [namespace, daemons] = objects('kubernetes/daemonset.yaml') as [Namespace, DaemonSet];
const [app] = objects('kubernetes/app.yaml') as [Deployment];

test('an invalid manifest does not pass', () => {
  const wrong = structuredClone(daemons.toJSON());
  wrong.spec.template.spec.hostPID = 'yes';
  expect(() => new DaemonSet(wrong).validate()).toThrow();
});

test('selectors and namespaces fit', () => {
  expect(daemons.metadata!.namespace).toBe(namespace.metadata!.name);
  for (const { spec } of [daemons, app]) {
    expect(spec!.template.metadata!.labels).toMatchObject(spec!.selector.matchLabels!);
    const { volumes, containers } = spec!.template.spec!;
    const mounted = containers.flatMap(({ volumeMounts }) => volumeMounts ?? []);
    const names = (volumes ?? []).map(({ name }) => name);
    expect([...new Set(mounted.map(({ name }) => name))].sort()).toEqual(names.sort());
  }
});

test('the app gets the socket and nothing else of the node', () => {
  const pod = app.spec!.template.spec!;
  expect(pod.hostPID ?? false).toBe(false);
  expect(pod.volumes!.map(({ hostPath }) => hostPath?.path)).toEqual(['/run/schedhint']);
  const [container] = pod.containers;
  expect(container!.securityContext!.capabilities).toEqual({ drop: ['ALL'] });
  expect(container!.env).toEqual([{ name: 'NODE_OPTIONS', value: '--require=schedhint/register' }]);
});

test('the broker sees the node, without a capability, under its own profile', () => {
  const pod = daemons.spec!.template.spec!;
  expect(pod.hostPID).toBe(true); // it refuses to start elsewhere
  const broker = pod.containers.find(({ name }) => name === 'broker')!;
  expect(broker.securityContext).toMatchObject({
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'Localhost', localhostProfile: 'profiles/schedhint-broker.json' },
  });
  const paths = broker.volumeMounts!.map(({ mountPath }) => mountPath);
  expect(paths).toEqual(['/sys/fs/bpf', '/run/schedhint']);
});

test('the images that it names are those of the Dockerfiles', () => {
  const built = ['Dockerfile', 'app.Dockerfile'].flatMap((name) =>
    [...read(name).matchAll(/-t (\S+)/g)].map(([, tag]) => tag!),
  );
  const named = [daemons, app].flatMap(({ spec }) =>
    spec!.template.spec!.containers.map(({ image }) => image!),
  );
  expect(named.sort()).toEqual(built.sort());
});

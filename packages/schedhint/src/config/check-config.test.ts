import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkConfig } from './check-config.js';

const schema = JSON.parse(
  readFileSync(new URL('../../config.schema.json', import.meta.url), 'utf8'),
);
const bySchema = new Ajv2020({ strict: true }).compile(schema);

/** What is wrong; null: nothing. */
function byHand(value: unknown): string | null {
  try {
    checkConfig(value);
    return null;
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_SCHEDHINT_CONFIG' });
    return (error as Error).message;
  }
}

const requests = (values: unknown) => ({ version: 1, requests: values });
const stalls = (values: unknown) => ({ version: 1, stalls: values });
const route = (values: unknown) => requests({ routes: [values] });

const FULL = {
  $schema: './node_modules/schedhint/config.schema.json',
  version: 1,
  requests: {
    enabled: true,
    default: { urgency: 'normal', deadlineMs: 0.5 },
    routes: [
      { path: '/checkout/*/pay', methods: ['POST', 'PUT'], urgency: 'critical', deadlineMs: 50 },
      { path: '/events/**', track: false },
      { path: '/report', urgency: 0 },
    ],
    deadlineHeaders: [
      'grpc-timeout',
      'x-envoy-expected-rq-timeout-ms',
      'connect-timeout-ms',
      'request-timeout',
    ],
    priorityHeader: true,
    headerLimits: { minDeadlineMs: 5, maxDeadlineMs: 1000.5, maxUrgency: 1024 },
    expireFactor: 1,
    maxSeconds: 3600,
  },
  stalls: { thresholdMs: 10, output: 'json', stack: true },
};

const VALID: unknown[] = [
  FULL,
  { version: 1 },
  { $schema: '', version: 1.0 },
  requests({}),
  requests({ enabled: false, routes: [], deadlineHeaders: [], headerLimits: {}, default: {} }),
  requests({ routes: Array(256).fill({ path: '/' }) }),
  ...['low', 'normal', 'high', 'critical', 0, 1, 512, 1024, 1e3, -0].map((urgency) =>
    route({ path: '/', urgency }),
  ),
  ...[
    ...['/', '//', '/*', '/**', '/a/**', '/*/*', '/*/**', '//**', '/a b', '/a.b+(c)$^|[]{}\\'],
    ...['/package.Service/Method', '/%2a', '/é\u{1f600}', '/\n', `/${'\u{1f600}'.repeat(511)}`],
  ].map((path) => route({ path })),
  ...[Number.MIN_VALUE, 1, 3_600_000].map((deadlineMs) => requests({ default: { deadlineMs } })),
  requests({ headerLimits: { minDeadlineMs: 100, maxDeadlineMs: 1 } }),
  ...[{}, { thresholdMs: 10 }, { thresholdMs: 60_000 }, { thresholdMs: 10.5 }].map(stalls),
  ...['line', 'json', 'none'].map((output) => stalls({ output, stack: false })),
];

/** With what the message has to say. */
const INVALID: [unknown, string][] = [
  ...[null, 1, 'x', true].map((value): [unknown, string] => [value, 'expected an object, got']),
  [[], 'expected an object, got an array of 0'],
  [{}, '"version" is missing'],
  [{ version: 2 }, '/version: expected 1, got 2'],
  [{ version: '1' }, '/version: expected 1, got "1"'],
  [{ $schema: 1, version: 1 }, '/$schema: expected a string, got 1'],
  [{ version: 1, request: {} }, '/request: unknown name; did you mean "requests"?'],
  [
    { version: 1, 'a/b~c': 1 },
    '/a~1b~0c: unknown name; known are $schema, version, requests, stalls',
  ],
  [JSON.parse('{ "version": 1, "__proto__": {} }'), '/__proto__: unknown name'],
  [{ version: 1, constructor: 1 }, '/constructor: unknown name'],
  [stalls(50), '/stalls: expected an object, got 50'],
  [stalls({ threshold: 50 }), '/stalls/threshold: unknown name; did you mean "thresholdMs"?'],
  ...[9.9, 60_001, '50', null].map((thresholdMs): [unknown, string] => [
    stalls({ thresholdMs }),
    '/stalls/thresholdMs: expected a number from 10 to 60000',
  ]),
  [stalls({ output: 'jsn' }), 'expected "line", "json" or "none", got "jsn"; did you mean "json"?'],
  [stalls({ stack: 1 }), '/stalls/stack: expected true or false, got 1'],
  [requests(null), '/requests: expected an object, got null'],
  [requests([]), '/requests: expected an object, got an array of 0'],
  [requests({ enabled: 'yes' }), '/requests/enabled: expected true or false, got "yes"'],
  [requests({ routs: [] }), '/requests/routs: unknown name; did you mean "routes"?'],
  [requests({ default: { path: '/' } }), '/requests/default/path: unknown name'],
  [requests({ default: { track: false } }), '/requests/default/track: unknown name'],
  [requests({ routes: {} }), '/requests/routes: expected an array, got an object'],
  [
    requests({ routes: Array(257).fill({ path: '/' }) }),
    '/requests/routes: expected at most 256 elements, got an array of 257',
  ],
  [requests({ routes: [null] }), '/requests/routes/0: expected an object, got null'],
  [route({}), '/requests/routes/0: "path" is missing'],
  [route({ urgency: 'high' }), '/requests/routes/0: "path" is missing'],
  [route({ path: '/', method: ['GET'] }), 'method: unknown name; did you mean "methods"?'],
  ...[
    ...['', 'a', '*', '**', ' /', '/a*', '/*a', '/**a', '/a**', '/**/a', '/***', '/**/**'],
    ...['/a?b', '/a#b', `/${'a'.repeat(512)}`, `/${'\u{1f600}'.repeat(512)}`],
    ...[1, null, ['/']],
  ].map((path): [unknown, string] => [
    route({ path }),
    '/requests/routes/0/path: expected a path that begins with "/"',
  ]),
  ...['', 'get', 'GET ', 'GET\n', 1].map((method): [unknown, string] => [
    route({ path: '/', methods: [method] }),
    '/methods/0: expected a method in capital letters',
  ]),
  [route({ path: '/', methods: 'GET' }), '/methods: expected an array, got "GET"'],
  [route({ path: '/', methods: [] }), '/methods: expected an array that is not empty'],
  [route({ path: '/', methods: ['GET', 'PUT', 'GET'] }), '/methods/2: is there twice'],
  [route({ path: '/', track: 0 }), '/track: expected true or false, got 0'],
  [route({ path: '/', urgency: 'hgih' }), '/urgency: expected "low", "normal", "high", "critical"'],
  [route({ path: '/', urgency: 'hgih' }), 'got "hgih"; did you mean "high"?'],
  ...[-1, 1025, 1.5, null, true, [], {}, '', '512', Number.POSITIVE_INFINITY].map(
    (urgency): [unknown, string] => [
      route({ path: '/', urgency }),
      '/requests/routes/0/urgency: expected "low", "normal", "high", "critical" or a whole number',
    ],
  ),
  ...[0, -1, 3_600_001, '50', null, Number.POSITIVE_INFINITY].map(
    (deadlineMs): [unknown, string] => [
      requests({ default: { deadlineMs } }),
      '/requests/default/deadlineMs: expected a number above 0, up to 3600000',
    ],
  ),
  [
    requests({ deadlineHeaders: ['grpc-timeut'] }),
    '/deadlineHeaders/0: expected "grpc-timeout", "x-envoy-expected-rq-timeout-ms", "connect-timeout-ms" or "request-timeout", got "grpc-timeut"; did you mean "grpc-timeout"?',
  ],
  [requests({ deadlineHeaders: ['Grpc-Timeout'] }), 'did you mean "grpc-timeout"?'],
  [requests({ deadlineHeaders: 'grpc-timeout' }), '/deadlineHeaders: expected an array'],
  [
    requests({ deadlineHeaders: ['grpc-timeout', 'grpc-timeout'] }),
    '/deadlineHeaders/1: is there twice',
  ],
  [requests({ priorityHeader: 'priority' }), '/priorityHeader: expected true or false'],
  [requests({ headerLimits: [] }), '/headerLimits: expected an object'],
  [requests({ headerLimits: { minDeadlineMs: 0.5 } }), 'minDeadlineMs: expected a number from 1'],
  [requests({ headerLimits: { maxDeadlineMs: 0 } }), 'maxDeadlineMs: expected a number from 1'],
  [requests({ headerLimits: { maxUrgency: 'max' } }), '/maxUrgency: expected "low"'],
  [requests({ headerLimits: { maxUrgncy: 1 } }), 'did you mean "maxUrgency"?'],
  ...[0.5, 101, '4'].map((expireFactor): [unknown, string] => [
    requests({ expireFactor }),
    '/requests/expireFactor: expected a number from 1 to 100',
  ]),
  ...[0, 3601, null].map((maxSeconds): [unknown, string] => [
    requests({ maxSeconds }),
    '/requests/maxSeconds: expected a number from 1 to 3600',
  ]),
];

test.each(VALID.map((value) => [JSON.stringify(value).slice(0, 60), value]))(
  'valid: %s',
  (_, value) => {
    expect(byHand(value)).toBe(null);
    expect(bySchema(value), JSON.stringify(bySchema.errors)).toBe(true);
  },
);

test.each(INVALID.map(([value, message]) => [JSON.stringify(value).slice(0, 60), value, message]))(
  'invalid: %s',
  (_, value, message) => {
    expect(byHand(value)).toContain(message);
    expect(bySchema(value)).toBe(false);
  },
);

describe('what is made of a valid one at random', () => {
  type Node = { holder: Record<string, unknown>; key: string };

  function nodesOf(value: unknown, found: Node[] = []): Node[] {
    if (typeof value === 'object' && value !== null) {
      for (const key of Object.keys(value)) {
        const holder = value as Record<string, unknown>;
        found.push({ holder, key });
        nodesOf(holder[key], found);
      }
    }
    return found;
  }

  const JUNK: unknown[] = [
    ...[
      null,
      true,
      false,
      0,
      -1,
      1,
      1.5,
      1024,
      1025,
      3_600_000,
      3_600_001,
      101,
      Number.POSITIVE_INFINITY,
    ],
    ...['', 'low', 'lwo', '/', '/a/**/b', '/*', 'GET', 'get', 'grpc-timeout', '1'],
    ...[[], {}, [[]], ['GET', 'GET'], { path: '/' }, { urgency: 'high' }, [{ path: '/x' }]],
  ];
  const NAMES = nodesOf(FULL).map(({ key }) => key);
  const mutation = fc.record({
    at: fc.nat(),
    how: fc.constantFrom('replace', 'remove', 'rename', 'add', 'double'),
    junk: fc.oneof(fc.constantFrom(...JUNK), fc.jsonValue()),
    name: fc.oneof(fc.constantFrom(...NAMES), fc.string()),
  });

  function mutate(
    config: unknown,
    { at, how, junk, name }: { at: number; how: string; junk: unknown; name: string },
  ): void {
    const nodes = nodesOf(config);
    if (nodes.length === 0) return;
    const { holder, key } = nodes[at % nodes.length]!;
    const value = holder[key];
    const own = (where: Record<string, unknown>, to: string, what: unknown) =>
      Object.defineProperty(where, to, {
        value: what,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    if (how === 'replace') own(holder, key, structuredClone(junk));
    else if (how === 'double' && Array.isArray(value)) value.push(...structuredClone(value));
    else if (Array.isArray(holder)) holder.splice(Number(key), how === 'remove' ? 1 : 0);
    else if (how === 'add') own(holder, name, structuredClone(junk));
    else {
      delete holder[key];
      if (how === 'rename') own(holder, name, value);
    }
  }

  test('is taken by both or by none', () => {
    let [taken, refused] = [0, 0];
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
        const config: unknown = structuredClone(FULL);
        for (const one of mutations) mutate(config, one);
        const error = byHand(config);
        expect([error === null, error, config]).toEqual([bySchema(config), error, config]);
        if (error === null) taken++;
        else refused++;
      }),
      { numRuns: 2000 },
    );
    expect(Math.min(taken, refused)).toBeGreaterThan(100);
  });
});

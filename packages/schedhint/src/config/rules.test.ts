import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RequestsConfig } from './config.js';
import { matcherOf } from './path-pattern.js';
import { type MatchedRequest, Rules } from './rules.js';

describe('the path of a route', () => {
  test.each([
    ['/', ['/'], ['', '//', '/a', '*']],
    ['/a', ['/a'], ['/A', '/a/', '/a/b', 'a', '/%61', 'http://host/a']],
    ['/a/', ['/a/'], ['/a']],
    ['/*', ['/a', '/a.b', '/*'], ['/', '/a/', '/a/b', '']],
    ['/users/*/orders', ['/users/7/orders'], ['/users//orders', '/users/7/8/orders', '/users/7']],
    ['/**', ['/', '/a', '/a/b', '//', ''], ['*', 'http://host/']],
    ['/api/**', ['/api', '/api/', '/api/a/b', '/api//'], ['/apis', '/', '/x/api/a']],
    ['/*/**', ['/a', '/a/', '/a/b/c'], ['/', '//a']],
    ['/a.b+(c)$^|[]{}\\', ['/a.b+(c)$^|[]{}\\'], ['/axb+(c)$^|[]{}\\']],
    ['/a.b/*', ['/a.b/c'], ['/axb/c']],
    ['/a/**', ['/a/b\nc'], ['/b\n/a/b']],
  ])('%s', (pattern, matching, others) => {
    const matches = matcherOf(pattern);
    for (const path of matching) expect([path, matches(path)]).toEqual([path, true]);
    for (const path of others) expect([path, matches(path)]).toEqual([path, false]);
  });

  test('as a segment-by-segment comparison has it', () => {
    const segment = fc.constantFrom('a', 'b', '.', 'a.b', '');
    const path = fc
      .array(segment, { minLength: 1, maxLength: 4 })
      .map((all) => `/${all.join('/')}`);
    const pattern = fc
      .tuple(fc.array(fc.oneof(segment, fc.constant('*')), { maxLength: 3 }), fc.boolean())
      .filter(([all, rest]) => rest || all.length > 0)
      .map(([all, rest]) => ['', ...all, ...(rest ? ['**'] : [])].join('/'));
    const expected = (wanted: string, given: string): boolean => {
      const [own, parts] = [wanted.split('/'), given.split('/')];
      const open = own.at(-1) === '**';
      if (open) own.pop();
      const fits = own.every((one, i) =>
        one === '*' ? (parts[i] ?? '') !== '' : one === parts[i],
      );
      return fits && (open || own.length === parts.length);
    };
    fc.assert(
      fc.property(pattern, path, (wanted, given) => {
        expect(matcherOf(wanted)(given)).toBe(expected(wanted, given));
      }),
      { numRuns: 3000 },
    );
  });

  test('takes a time in proportion to its length', () => {
    const matches = matcherOf('/*/*/*/*/*/*/*/*/*/*/*/**');
    expect(matches(`${'/'.repeat(16_000)}x`)).toBe(false);
    expect(matches('/a'.repeat(16_000))).toBe(true);
  });
});

const request = (
  method: string,
  path: string,
  headers: Record<string, string> = {},
): MatchedRequest => ({ method, path, headers });

/** What a request gets, and the route that it is known by. */
function given(config: RequestsConfig, method: string, path: string, headers = {}) {
  const one = request(method, path, headers);
  return [new Rules(config).describe(one), one.route];
}

describe('rules', () => {
  const config: RequestsConfig = {
    default: { urgency: 'normal' },
    routes: [
      { path: '/a', methods: ['POST'], urgency: 'high', deadlineMs: 50 },
      { path: '/a', urgency: 'low' },
      { path: '/events/**', track: false },
      { path: '/plain' },
      { path: '/a', urgency: 'critical' },
    ],
  };

  test('the first match counts', () => {
    expect(given(config, 'POST', '/a')).toEqual([{ urgency: 'high', deadlineMs: 50 }, '/a']);
    expect(given(config, 'GET', '/a')).toEqual([{ urgency: 'low' }, '/a']);
    expect(given(config, 'GET', '/events/1/2')).toEqual([null, '/events/**']);
    // The default is for what no route matches.
    expect(given(config, 'GET', '/plain')).toEqual([{}, '/plain']);
    expect(given(config, 'GET', '/b')).toEqual([{ urgency: 'normal' }, undefined]);
    expect(given({}, 'GET', '/b')).toEqual([{}, undefined]);
  });

  test('headers are not looked at unless they are named', () => {
    const lazy = Object.defineProperty({ method: 'GET', path: '/a' }, 'headers', {
      get() {
        throw new Error('parsed');
      },
    });
    expect(new Rules(config).describe(lazy as MatchedRequest)).toEqual({ urgency: 'low' });
    const headers = { priority: 'u=0', 'grpc-timeout': '1S' };
    expect(given({ priorityHeader: true }, 'GET', '/', headers)[0]).toEqual({ urgency: 768 });
    expect(given({ deadlineHeaders: ['grpc-timeout'] }, 'GET', '/', headers)[0]).toEqual({
      deadlineMs: 1000,
    });
  });

  test.each<[RequestsConfig, Record<string, string>, object]>([
    // A route's urgency comes before the header's, and that before the default's.
    [{ routes: [{ path: '/', urgency: 'low' }] }, { priority: 'u=0' }, { urgency: 'low' }],
    [{ routes: [{ path: '/', urgency: 0 }] }, { priority: 'u=0' }, { urgency: 0 }],
    [{ routes: [{ path: '/' }] }, { priority: 'u=0' }, { urgency: 768 }],
    [{ default: { urgency: 'high' } }, { priority: 'u=7' }, { urgency: 256 }],
    [{ default: { urgency: 'high' } }, { priority: 'u=99' }, { urgency: 'high' }],
    [{ headerLimits: { maxUrgency: 'normal' } }, { priority: 'u=0' }, { urgency: 512 }],
    [{ headerLimits: { maxUrgency: 100 } }, { priority: 'u=7' }, { urgency: 100 }],
    [{ headerLimits: { maxUrgency: 0 } }, { priority: 'u=0' }, { urgency: 0 }],
  ])('priority, %j: %j', (rules, headers, hints) => {
    expect(given({ priorityHeader: true, ...rules }, 'GET', '/', headers)[0]).toEqual(hints);
  });

  test.each<[RequestsConfig, Record<string, string>, object]>([
    // Only if it is nearer.
    [{ default: { deadlineMs: 50 } }, { 'grpc-timeout': '40m' }, { deadlineMs: 40 }],
    [{ default: { deadlineMs: 50 } }, { 'grpc-timeout': '1S' }, { deadlineMs: 50 }],
    [{ routes: [{ path: '/', deadlineMs: 50 }] }, { 'grpc-timeout': '1S' }, { deadlineMs: 50 }],
    // The nearest of several.
    [{}, { 'grpc-timeout': '1S', 'request-timeout': '0.5' }, { deadlineMs: 500 }],
    // Within limits.
    [{}, { 'grpc-timeout': '1n' }, { deadlineMs: 1 }],
    [{}, { 'grpc-timeout': '9H' }, { deadlineMs: 60_000 }],
    [{ headerLimits: { minDeadlineMs: 20 } }, { 'grpc-timeout': '5m' }, { deadlineMs: 20 }],
    [{ headerLimits: { maxDeadlineMs: 100 } }, { 'grpc-timeout': '5S' }, { deadlineMs: 100 }],
    [{}, { 'grpc-timeout': 'soon' }, {}],
    // Not named.
    [{}, { 'connect-timeout-ms': '5' }, {}],
  ])('deadlines, %j: %j', (rules, headers, hints) => {
    const config = { deadlineHeaders: ['grpc-timeout', 'request-timeout'] as const, ...rules };
    expect(given(config, 'GET', '/', headers)[0]).toEqual(hints);
  });

  test('whatever a client sends, it gets no more than the limits', () => {
    const rules = new Rules({
      routes: [{ path: '/a/*', urgency: 'low', deadlineMs: 100 }],
      deadlineHeaders: ['grpc-timeout', 'connect-timeout-ms', 'request-timeout'],
      priorityHeader: true,
      headerLimits: { minDeadlineMs: 10, maxDeadlineMs: 500, maxUrgency: 600 },
    });
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.tuple(fc.nat(), fc.constantFrom('', 'S', 'm', 'n')).map((two) => two.join('')),
      fc.nat(9).map((u) => `u=${u}`),
    );
    const headers = fc.dictionary(
      fc.constantFrom('grpc-timeout', 'connect-timeout-ms', 'request-timeout', 'priority'),
      text,
    );
    fc.assert(
      fc.property(fc.oneof(fc.constant('/a/1'), fc.string()), fc.string(), headers, (...sent) => {
        const [path, method, values] = sent;
        const one = request(method, path, values);
        const { urgency, deadlineMs } = rules.describe(one)!;
        if (path === '/a/1') expect([urgency, one.route]).toEqual(['low', '/a/*']);
        else expect([undefined, 256, 512, 600]).toContain(urgency);
        if (deadlineMs !== undefined) expect(deadlineMs >= 10 && deadlineMs <= 500).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });
});

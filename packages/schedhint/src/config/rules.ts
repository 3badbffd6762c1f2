// Finds the rule of a config file for a request, and the hints that it gets by the rule and by its headers.

import { urgencyOf as numberOf } from '@schedhint/core/thread';
import { deadlineOf, urgencyOf } from './client-headers.js';
import type {
  ConfigHints,
  ConfigRoute,
  ConfigUrgency,
  DeadlineHeader,
  RequestsConfig,
} from './config.js';
import { matcherOf } from './path-pattern.js';

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

const LIMITS = { minDeadlineMs: 1, maxDeadlineMs: 60_000, maxUrgency: 'high' } as const;

/** What is asked of a request. */
export interface MatchedRequest {
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  readonly headers: Headers;
  /** The pattern of its route is written here. */
  route?: string | undefined;
}

/** A route, ready to be matched. */
export interface Rule {
  /** In `routes`. */
  readonly index: number;
  readonly route: ConfigRoute;
  readonly hints: ConfigHints;
  readonly matchesPath: (path: string) => boolean;
}

/** The rules of a config file. */
export class Rules {
  readonly #rules: readonly Rule[];
  readonly #default: ConfigHints;
  readonly #deadlineHeaders: readonly DeadlineHeader[];
  readonly #priorityHeader: boolean;
  readonly #limits: Required<NonNullable<RequestsConfig['headerLimits']>>;
  readonly #maxUrgency: number;

  constructor(config: RequestsConfig) {
    const { routes = [], default: hints = {}, headerLimits } = config;
    this.#rules = routes.map((route, index) => ({
      index,
      route,
      hints: hintsOf(route.urgency, route.deadlineMs),
      matchesPath: matcherOf(route.path),
    }));
    this.#default = hints;
    this.#deadlineHeaders = config.deadlineHeaders ?? [];
    this.#priorityHeader = config.priorityHeader ?? false;
    this.#limits = { ...LIMITS, ...headerLimits };
    this.#maxUrgency = numberOf(this.#limits.maxUrgency);
  }

  /** The first that matches. */
  ruleFor(method: string, path: string): Rule | undefined {
    return this.#rules.find(
      ({ route: { methods }, matchesPath }) =>
        (methods === undefined || methods.includes(method)) && matchesPath(path),
    );
  }

  /** What a request gets by its rule, undefined for no rule, and its headers. null: it is not tracked. */
  hintsBy(rule: Rule | undefined, request: Pick<MatchedRequest, 'headers'>): ConfigHints | null {
    if (rule?.route.track === false) return null;
    const hints = rule?.hints ?? this.#default;
    // Node.js parses headers when they are asked for.
    if (!this.#priorityHeader && this.#deadlineHeaders.length === 0) return hints;
    const { headers } = request;
    const urgency =
      rule?.hints.urgency === undefined
        ? (this.#urgencyIn(headers) ?? hints.urgency)
        : hints.urgency;
    return hintsOf(urgency, this.#nearest(headers, hints.deadlineMs));
  }

  /** For `tracker.http()`. */
  readonly describe = (request: MatchedRequest): ConfigHints | null => {
    const rule = this.ruleFor(request.method, request.path);
    request.route = rule?.route.path;
    return this.hintsBy(rule, request);
  };

  #urgencyIn(headers: Headers): number | undefined {
    const asked = this.#priorityHeader ? urgencyOf(headers.priority) : undefined;
    return asked === undefined ? undefined : Math.min(asked, this.#maxUrgency);
  }

  #nearest(headers: Headers, deadlineMs: number | undefined): number | undefined {
    const { minDeadlineMs, maxDeadlineMs } = this.#limits;
    let nearest = deadlineMs;
    for (const name of this.#deadlineHeaders) {
      const asked = deadlineOf(name, headers[name]);
      if (asked === undefined) continue;
      const limited = Math.max(minDeadlineMs, Math.min(asked, maxDeadlineMs));
      if (nearest === undefined || limited < nearest) nearest = limited;
    }
    return nearest;
  }
}

function hintsOf(urgency?: ConfigUrgency, deadlineMs?: number): ConfigHints {
  return {
    ...(urgency !== undefined && { urgency }),
    ...(deadlineMs !== undefined && { deadlineMs }),
  };
}

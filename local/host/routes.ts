import * as v from 'valibot';
import type { Invoker } from './invoker.ts';
import { API, AUTHORIZER, INTEGRATION, ROUTE, STAGE } from './resource-types.ts';
import type { Stack } from './stack.ts';

export interface Route {
  /** As AWS writes it: `POST /voice/{next}`, `ANY /{proxy+}` or `$default`. */
  readonly routeKey: string;
  /** `ANY` matches every method. */
  readonly method: string;
  /** Absent for `$default`. */
  readonly segments: readonly string[] | undefined;
  /** Logical id. */
  readonly function: string;
  readonly timeoutMs: number;
  readonly authorization: RouteAuthorization;
}

export type RouteAuthorization = { readonly type: 'NONE' | 'AWS_IAM' } | JwtAuthorization;

export interface JwtAuthorization {
  readonly type: 'JWT';
  /** URL, without its `/.well-known/openid-configuration`. */
  readonly issuer: string;
  readonly audience: readonly string[];
  /** A token needs one of these, unless there are none. */
  readonly scopes: readonly string[];
}

export interface RouteMatch {
  readonly route: Route;
  /** Decoded. */
  readonly pathParameters: Readonly<Record<string, string>>;
}

const ApiProperties = v.strictObject({
  Name: v.optional(v.string()),
  Description: v.optional(v.string()),
  ProtocolType: v.literal('HTTP'),
  DisableExecuteApiEndpoint: v.optional(v.boolean()),
  Tags: v.optional(v.unknown()),
});

const StageProperties = v.object({ StageName: v.literal('$default') });

const RouteProperties = v.strictObject({
  ApiId: v.string(),
  RouteKey: v.string(),
  Target: v.string(),
  AuthorizationType: v.optional(v.string(), 'NONE'),
  AuthorizationScopes: v.optional(v.array(v.string()), []),
  AuthorizerId: v.optional(v.string()),
});

const AuthorizerProperties = v.strictObject({
  ApiId: v.string(),
  Name: v.string(),
  AuthorizerType: v.literal('JWT'),
  IdentitySource: v.strictTuple([v.literal('$request.header.Authorization')]),
  JwtConfiguration: v.strictObject({ Audience: v.array(v.string()), Issuer: v.pipe(v.string(), v.url()) }),
});

const IntegrationProperties = v.strictObject({
  ApiId: v.string(),
  IntegrationType: v.literal('AWS_PROXY'),
  IntegrationUri: v.string(),
  IntegrationMethod: v.optional(v.string()),
  PayloadFormatVersion: v.literal('2.0'),
  TimeoutInMillis: v.optional(v.number(), 30_000),
  Description: v.optional(v.string()),
});

/** @throws Error naming the route, authorizer, integration or stage that is not hosted */
export function readRoutes(stack: Stack, lambda: Pick<Invoker, 'find'>): readonly Route[] {
  const api = stack.onlyResource(API);
  if (api) stack.properties(api, ApiProperties);
  for (const stage of stack.resources(STAGE)) stack.properties(stage, StageProperties);

  const integrations = new Map<string, Pick<Route, 'function' | 'timeoutMs'>>(
    stack.resources(INTEGRATION).map((resource) => {
      const { IntegrationUri, TimeoutInMillis } = stack.properties(resource, IntegrationProperties);
      const functionArn = /arn:[\w-]+:lambda:[^/]+/.exec(IntegrationUri)?.[0] ?? IntegrationUri;
      const target = lambda.find(functionArn);
      if (target === undefined) {
        throw new Error(
          `Integration ${resource.logicalId}: ${IntegrationUri} is no function of the template`,
        );
      }
      return [
        `integrations/${stack.identity(resource).ref}`,
        { function: target, timeoutMs: TimeoutInMillis },
      ] as const;
    }),
  );

  const routes = stack.resources(ROUTE).map((resource): Route => {
    const properties = stack.properties(resource, RouteProperties);
    const { RouteKey, Target } = properties;
    const authorization = readAuthorization(stack, properties);
    const integration = integrations.get(Target);
    if (!integration) throw new Error(`Route ${RouteKey}: ${Target} is no integration of the template`);
    const [method = 'ANY', path] = RouteKey === '$default' ? [] : RouteKey.split(' ');
    return { routeKey: RouteKey, method, segments: path?.split('/').slice(1), authorization, ...integration };
  });
  return routes.toSorted(bySpecificity);
}

function readAuthorization(
  stack: Stack,
  { RouteKey, AuthorizationType, AuthorizationScopes, AuthorizerId }: v.InferOutput<typeof RouteProperties>,
): RouteAuthorization {
  if (AuthorizationType === 'NONE' || AuthorizationType === 'AWS_IAM') return { type: AuthorizationType };
  if (AuthorizationType !== 'JWT') {
    throw new Error(`Route ${RouteKey}: AuthorizationType ${AuthorizationType} is not hosted`);
  }
  const resource = stack.resources(AUTHORIZER).find((each) => stack.identity(each).ref === AuthorizerId);
  if (!resource) throw new Error(`Route ${RouteKey}: ${AuthorizerId} is no authorizer of the template`);
  const { JwtConfiguration } = stack.properties(resource, AuthorizerProperties);
  const { Issuer, Audience } = JwtConfiguration;
  return { type: 'JWT', issuer: Issuer, audience: Audience, scopes: AuthorizationScopes };
}

/**
 * The most specific route for a request.
 *
 * @param routes in the order of `readRoutes`
 * @param path decoded segment by segment
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 */
export function matchRoute(
  routes: readonly Route[],
  method: string,
  path: readonly string[],
): RouteMatch | undefined {
  for (const route of routes) {
    if (route.method !== 'ANY' && route.method !== method) continue;
    const pathParameters = route.segments ? matchSegments(route.segments, path) : {};
    if (pathParameters) return { route, pathParameters };
  }
  return undefined;
}

function matchSegments(
  pattern: readonly string[],
  path: readonly string[],
): Record<string, string> | undefined {
  const parameters: Record<string, string> = {};
  for (const [index, segment] of pattern.entries()) {
    const value = path[index];
    if (value === undefined) return undefined;
    const [, name, greedy] = /^\{([^}+]+)(\+?)\}$/.exec(segment) ?? [];
    if (name === undefined) {
      if (segment !== value) return undefined;
    } else if (value === '') {
      return undefined;
    } else if (greedy) {
      return { ...parameters, [name]: path.slice(index).join('/') };
    } else {
      parameters[name] = value;
    }
  }
  return pattern.length === path.length ? parameters : undefined;
}

/** Literal before `{parameter}` before `{greedy+}` before `$default`, segment by segment; then method before `ANY`. */
function bySpecificity(left: Route, right: Route): number {
  const length = Math.max(left.segments?.length ?? 0, right.segments?.length ?? 0);
  for (let index = 0; index < length; index += 1) {
    const difference = rank(left.segments?.[index]) - rank(right.segments?.[index]);
    if (difference !== 0) return difference;
  }
  return Number(left.method === 'ANY') - Number(right.method === 'ANY');
}

function rank(segment: string | undefined): number {
  if (segment === undefined) return 3;
  if (segment.endsWith('+}')) return 2;
  return segment.startsWith('{') ? 1 : 0;
}

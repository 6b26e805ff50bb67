import { createHash } from 'node:crypto';
import { isAllowed, type PolicyStatement, readManagedPolicies } from './iam-policies.ts';
import { type GatewayResponse, gatewayMessage } from './response.ts';
import type { JwtAuthorization, Route } from './routes.ts';
import { type SignedRequest, verifySignature } from './sigv4.ts';
import { ACCOUNT_ID, API_ID, REGION, type Stack } from './stack.ts';
import { claimsAsText, InvalidToken, scopesOf, Tokens } from './tokens.ts';

/** An IAM user with an access key. */
export interface Principal {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly userName: string;
  /** Of the template's managed policies, as `Ref` and the outputs give them. */
  readonly managedPolicyArns: readonly string[];
}

export interface AuthorizationRequest extends SignedRequest {
  /** Decoded. */
  readonly path: string;
}

/** What the event's `requestContext.authorizer` is. */
export type AuthorizerContext = { readonly iam: IamContext } | { readonly jwt: JwtContext };

/** @see https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads */
export interface IamContext {
  readonly accessKey: string;
  readonly accountId: string;
  readonly callerId: string;
  readonly cognitoIdentity: null;
  /** The account is in no organization. */
  readonly principalOrgId: null;
  readonly userArn: string;
  readonly userId: string;
}

export interface JwtContext {
  readonly claims: Readonly<Record<string, string>>;
  /** Those of the route's scopes which the token has; `null` where the route asks for none. */
  readonly scopes: readonly string[] | null;
}

/** A request that may pass, or what it is answered. */
export type Authorization =
  | { readonly authorizer: AuthorizerContext | undefined }
  | { readonly refusal: GatewayResponse };

/** Never rejects. */
export type Authorize = (route: Route, request: AuthorizationRequest) => Promise<Authorization>;

interface KnownPrincipal extends Principal {
  readonly statements: readonly PolicyStatement[];
}

const FORBIDDEN: Authorization = { refusal: gatewayMessage(403, 'Forbidden') };

/**
 * The authorizers of an HTTP API's routes.
 *
 * @throws Error naming a principal's managed policy which the template does not have or which is not hosted
 */
export function createAuthorize(stack: Stack, principals: readonly Principal[]): Authorize {
  const known = new Map<string, KnownPrincipal>(
    principals.map((principal) => {
      const statements = readManagedPolicies(stack, principal.managedPolicyArns);
      return [principal.accessKeyId, { ...principal, statements }];
    }),
  );
  const tokens = new Tokens();
  return async ({ authorization }, request) => {
    switch (authorization.type) {
      case 'NONE':
        return { authorizer: undefined };
      case 'AWS_IAM':
        return authorizeByIam(known, request);
      case 'JWT':
        return authorizeByToken(tokens, authorization, request);
    }
  };
}

/**
 * Every failure has the same answer.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control-iam.html
 */
function authorizeByIam(
  principals: ReadonlyMap<string, KnownPrincipal>,
  request: AuthorizationRequest,
): Authorization {
  const verification = verifySignature(request, {
    region: REGION,
    service: 'execute-api',
    secretOf: (accessKeyId) => principals.get(accessKeyId)?.secretAccessKey,
    now: new Date(),
  });
  const principal = 'accessKeyId' in verification ? principals.get(verification.accessKeyId) : undefined;
  return principal && isAllowed(principal.statements, 'execute-api:Invoke', routeArn(request))
    ? { authorizer: { iam: iamContext(principal) } }
    : FORBIDDEN;
}

/** @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html */
function routeArn({ method, path }: AuthorizationRequest): string {
  return `arn:aws:execute-api:${REGION}:${ACCOUNT_ID}:${API_ID}/$default/${method}${path}`;
}

function iamContext({ accessKeyId, userName }: Principal): IamContext {
  const userId = `AIDA${createHash('sha256').update(userName).digest('hex').slice(0, 17).toUpperCase()}`;
  return {
    accessKey: accessKeyId,
    accountId: ACCOUNT_ID,
    callerId: userId,
    cognitoIdentity: null,
    principalOrgId: null,
    userArn: `arn:aws:iam::${ACCOUNT_ID}:user/${userName}`,
    userId,
  };
}

/** @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-jwt.html */
async function authorizeByToken(
  tokens: Tokens,
  { issuer, audience, scopes }: JwtAuthorization,
  { headers }: AuthorizationRequest,
): Promise<Authorization> {
  const token = headers.authorization?.join().replace(/^Bearer +/i, '');
  if (!token) return unauthorized('Bearer');
  try {
    const claims = await tokens.verify(token, { issuer, audience, now: new Date() });
    const granted = scopesOf(claims).filter((scope) => scopes.includes(scope));
    if (scopes.length > 0 && granted.length === 0) return FORBIDDEN;
    const jwt = { claims: claimsAsText(claims), scopes: scopes.length > 0 ? granted : null };
    return { authorizer: { jwt } };
  } catch (error) {
    if (!(error instanceof InvalidToken)) throw error;
    // The documentation has the wording for the audience only.
    const description = error.message.replaceAll(/["\\]|[^ -~]/g, '');
    return unauthorized(`Bearer scope="" error="invalid_token" error_description="${description}"`);
  }
}

function unauthorized(challenge: string): Authorization {
  const { headers, ...response } = gatewayMessage(401, 'Unauthorized');
  return { refusal: { ...response, headers: { ...headers, 'www-authenticate': challenge } } };
}

import type { AwsAccess, AwsCredentials } from './aws.ts';
import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';

export interface OutgoingRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Authorized {
  readonly headers: Readonly<Record<string, string>>;
  readonly byToken: boolean;
}

/** Adds to a request's headers who asks. */
export type Authorize = (request: OutgoingRequest) => Promise<Authorized>;

/** For an API with a JWT authorizer. @throws Failure when it cannot be a token */
export function byToken(token: string): Authorize {
  // What `fetch` says about a header that it does not take quotes the header.
  if (!/^[\w~+/.-]+=*$/.test(token)) {
    throw new Failure({
      exitCode: EXIT.usage,
      title: 'The token is none',
      detail: '--token (or RECORDER_TOKEN) holds characters that no bearer token has.',
      hint: 'It takes the token alone, without `Bearer` before it.',
    });
  }
  return async ({ headers }) => ({
    headers: { ...headers, authorization: `Bearer ${token}` },
    byToken: true,
  });
}

/**
 * For an API with IAM authorization.
 *
 * A recorder on this machine asks nobody who he is, so that there credentials may be missing.
 */
export const bySignature =
  (aws: AwsAccess): Authorize =>
  async (request) => {
    const url = new URL(request.url);
    const here = isLoopback(url.hostname);
    const credentials = await aws.credentials().catch((error: unknown) => {
      if (here) {
        return undefined;
      }
      throw error;
    });
    if (!credentials) {
      return { headers: request.headers, byToken: false };
    }
    const region = regionOfHost(url.hostname) ?? (await aws.region(here ? 'us-east-1' : undefined));
    return {
      headers: await signedHeaders(request, { service: 'execute-api', region, credentials }),
      byToken: false,
    };
  };

export interface SigningScope {
  readonly service: 'execute-api' | 'sns' | 'monitoring';
  readonly region: string;
  readonly credentials: AwsCredentials;
}

/** A request's headers with Signature Version 4. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html */
export async function signedHeaders(
  request: OutgoingRequest,
  scope: SigningScope,
): Promise<Readonly<Record<string, string>>> {
  const url = new URL(request.url);
  const [{ SignatureV4 }, { Hash }] = await Promise.all([
    import('@smithy/signature-v4'),
    import('@smithy/core/serde'),
  ]);
  const signer = new SignatureV4({ ...scope, sha256: Hash.bind(null, 'sha256') });
  const { host, ...headers } = (
    await signer.sign({
      method: request.method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { ...request.headers, host: url.host },
      ...(request.body && { body: request.body }),
    })
  ).headers;
  return headers;
}

/** Whether a host, as `URL` writes it, is this machine. */
export const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);

/** The region in the name of an API Gateway host. */
export const regionOfHost = (hostname: string): string | undefined =>
  /^[a-z0-9-]+\.execute-api\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|api\.aws)$/.exec(hostname)?.[1];

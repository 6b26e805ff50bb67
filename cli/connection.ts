import { bySignature, byToken, isLoopback } from './authorization.ts';
import { awsAccess } from './aws.ts';
import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { RecorderApi } from './recorder-api.ts';
import { apiUrlOfStack } from './stack.ts';

export interface ConnectionOptions {
  /** The API's base URL; without it the stack is asked for. */
  readonly url?: string | undefined;
  readonly stack: string;
  readonly profile?: string | undefined;
  /** A JWT, in place of a signature. */
  readonly token?: string | undefined;
}

/** The API that the options mean. Throws Failure. */
export async function connect({ url, stack, profile, token }: ConnectionOptions): Promise<RecorderApi> {
  const aws = awsAccess(profile);
  const authorize = token ? byToken(token) : bySignature(aws);
  return new RecorderApi(baseUrl(url ?? (await apiUrlOfStack(stack, aws))), authorize);
}

/** Without a slash at its end. What is signed or borne may be seen only by the API, so HTTP is for this machine. */
export function baseUrl(text: string): string {
  const url = URL.parse(text);
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
  if (!url || !isSafe || url.search || url.hash || url.username) {
    throw new Failure({
      exitCode: EXIT.usage,
      title: 'Not the URL of an API',
      detail:
        'it takes an https URL without a query (http only for this machine), such as https://abc123.execute-api.us-east-1.amazonaws.com.',
      hint: 'See --url and RECORDER_URL.',
    });
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

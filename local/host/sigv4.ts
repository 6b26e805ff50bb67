import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** A request as it was received. */
export interface SignedRequest {
  readonly method: string;
  /** Percent-encoded, as received. */
  readonly rawPath: string;
  /** As received, without the question mark. */
  readonly rawQueryString: string;
  /** All values of each header, by its name in lower case. */
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
  readonly body: Uint8Array;
}

export interface SignatureOptions {
  readonly region: string;
  readonly service: string;
  /** The secret access key, or `undefined` for an access key id that nobody has. */
  readonly secretOf: (accessKeyId: string) => string | undefined;
  readonly now: Date;
}

/** Whose signature it is, or why it is none. */
export type Verification = { readonly accessKeyId: string } | { readonly refusal: string };

interface Claim {
  readonly accessKeyId: string;
  /** `20261124` */
  readonly day: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

/** How far X-Amz-Date may be from the clock. */
const CLOCK_SKEW_MS = 5 * 60_000;

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 +Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/([^/,\s]+)\/aws4_request, *SignedHeaders=([^,\s]+), *Signature=([0-9a-f]{64})$/;

/**
 * Verifies an AWS Signature Version 4 in the `Authorization` header; a presigned query is refused.
 *
 * The path is taken as received: a signer that removes dot segments or empty ones from it is not understood, because
 * its signature would hold for paths of other routes as well.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function verifySignature(request: SignedRequest, options: SignatureOptions): Verification {
  if (isPresigned(request.rawQueryString)) return { refusal: 'a presigned query' };
  const claim = readClaim(request.headers.authorization);
  if (!claim) return { refusal: 'no signature in the Authorization header' };
  const secret = options.secretOf(claim.accessKeyId);
  if (secret === undefined) return { refusal: 'unknown access key' };
  const refusal =
    refuseScope(claim, options) ?? refuseDate(request, claim, options.now) ?? refuseHeaders(request, claim);
  if (refusal !== undefined) return { refusal };
  return timingSafeEqual(sign(request, claim, secret), Buffer.from(claim.signature, 'hex'))
    ? { accessKeyId: claim.accessKeyId }
    : { refusal: 'another signature' };
}

function isPresigned(rawQueryString: string): boolean {
  return [...new URLSearchParams(rawQueryString).keys()].some((name) =>
    /^x-amz-(algorithm|credential|signature)$/i.test(name),
  );
}

function readClaim(authorization: readonly string[] = []): Claim | undefined {
  const [, accessKeyId, day, region, service, signedHeaders, signature] =
    AUTHORIZATION.exec(authorization.join()) ?? [];
  if (!accessKeyId || !day || !region || !service || !signedHeaders || !signature) return undefined;
  return { accessKeyId, day, region, service, signedHeaders: signedHeaders.split(';'), signature };
}

function refuseScope(claim: Claim, { region, service }: SignatureOptions): string | undefined {
  if (claim.region !== region) return 'another region';
  return claim.service === service ? undefined : 'another service';
}

function refuseDate({ headers }: SignedRequest, { day }: Claim, now: Date): string | undefined {
  const date = headers['x-amz-date']?.join() ?? '';
  const [, ...fields] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? [];
  if (fields.length === 0) return 'no X-Amz-Date';
  if (date.slice(0, 8) !== day) return 'the day of another date';
  const [year, month, dayOfMonth, ...time] = fields;
  const signedAt = Date.parse(`${year}-${month}-${dayOfMonth}T${time.join(':')}Z`);
  // The comparison is also false for what is no date, like the 40th of a month.
  return Math.abs(now.getTime() - signedAt) <= CLOCK_SKEW_MS ? undefined : 'expired or not yet valid';
}

function refuseHeaders({ headers, body }: SignedRequest, { signedHeaders }: Claim): string | undefined {
  const missing = signedHeaders.find((name) => headers[name] === undefined);
  if (missing !== undefined) return `${missing} is signed and absent`;
  const unsigned = Object.keys(headers).find(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !signedHeaders.includes(name),
  );
  if (unsigned !== undefined) return `${unsigned} is not signed`;
  if (!signedHeaders.includes('host')) return 'host is not signed';
  // Goes with temporary credentials, which nobody has here.
  if (headers['x-amz-security-token']) return 'a session token';
  const bodyHash = headers['x-amz-content-sha256']?.join();
  return bodyHash === undefined || bodyHash === sha256(body) ? undefined : 'the hash of another body';
}

function sign(request: SignedRequest, claim: Claim, secret: string): Buffer {
  const { day, region, service } = claim;
  const scope = [day, region, service, 'aws4_request'];
  const key = scope.reduce<Buffer | string>(hmac, `AWS4${secret}`);
  const date = request.headers['x-amz-date']?.join() ?? '';
  const text = [
    'AWS4-HMAC-SHA256',
    date,
    scope.join('/'),
    sha256(canonicalRequest(request, claim.signedHeaders)),
  ];
  return hmac(key, text.join('\n'));
}

function canonicalRequest(request: SignedRequest, signedHeaders: readonly string[]): string {
  return [
    request.method,
    // Every service but S3 encodes the encoded path once more.
    request.rawPath.split('/').map(encode).join('/'),
    canonicalQuery(request.rawQueryString),
    ...signedHeaders.map((name) => `${name}:${canonicalValue(request.headers[name])}`),
    '',
    signedHeaders.join(';'),
    sha256(request.body),
  ].join('\n');
}

/** Of the parameters that the function will see: there is no second way to read them. */
function canonicalQuery(rawQueryString: string): string {
  return [...new URLSearchParams(rawQueryString)]
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .toSorted(
      ([name, value], [otherName, otherValue]) => compare(name, otherName) || compare(value, otherValue),
    )
    .map((pair) => pair.join('='))
    .join('&');
}

function canonicalValue(values: readonly string[] = []): string {
  return values.map((value) => value.trim().replaceAll(/[ \t]+/g, ' ')).join(',');
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const encode = (text: string): string =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

const hmac = (key: Buffer | string, text: string): Buffer => createHmac('sha256', key).update(text).digest();

import { Sha256 } from '@smithy/core/checksum';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';

export interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface SigningOptions {
  readonly key: Key;
  /** @default now */
  readonly date?: Date;
  /** @default us-east-1 */
  readonly region?: string;
  /** @default execute-api */
  readonly service?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Whether the body's hash is a header. @default true */
  readonly checksum?: boolean;
}

/** The headers of a request as AWS's own library signs it, with `host`, by their names in lower case. */
export async function signHeaders(
  method: string,
  url: string,
  { key, date, region = 'us-east-1', service = 'execute-api', headers, body, checksum }: SigningOptions,
): Promise<Record<string, string>> {
  const { host, pathname, searchParams } = new URL(url);
  const signer = new SignatureV4({
    credentials: key,
    region,
    service,
    sha256: Sha256,
    applyChecksum: checksum ?? true,
  });
  const signed = await signer.sign(
    new HttpRequest({
      method,
      path: pathname,
      query: Object.fromEntries(
        [...new Set(searchParams.keys())].map((name) => [name, searchParams.getAll(name)]),
      ),
      headers: { ...headers, host },
      body,
    }),
    { signingDate: date ?? new Date() },
  );
  return signed.headers;
}

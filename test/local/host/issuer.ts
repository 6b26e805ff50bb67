import { exportJWK, generateKeyPair, type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose';
import { type LoopbackServer, serve } from '../../../local/host/http-server.ts';

/** An OpenID provider with one key, on a loopback address. */
export interface Issuer extends AsyncDisposable {
  readonly url: string;
  /** As JSON. */
  readonly publicKey: string;
  /** A token with exactly these claims. @param header beside the algorithm and the key */
  sign(claims: JWTPayload, header?: Partial<JWTHeaderParameters>, key?: SigningKey): Promise<string>;
  /** What it says of itself; `undefined` for the truth. */
  configuration: unknown;
}

type SigningKey = Awaited<ReturnType<typeof generateKeyPair>>['privateKey'] | Uint8Array;

const KEY_ID = 'one';

export async function startIssuer(): Promise<Issuer> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const key = { ...(await exportJWK(publicKey)), kid: KEY_ID, use: 'sig' };
  const server: LoopbackServer = await serve(({ url }, response) => {
    const truth = { issuer: issuer.url, jwks_uri: `${issuer.url}/keys` };
    const documents: Readonly<Record<string, unknown>> = {
      '/.well-known/openid-configuration': issuer.configuration ?? truth,
      '/keys': { keys: [key] },
    };
    response.end(JSON.stringify(documents[url ?? '']));
  });
  const issuer: Issuer = {
    url: server.url,
    publicKey: JSON.stringify(key),
    sign: (claims, header, signingKey = privateKey) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: KEY_ID, ...header }).sign(signingKey),
    configuration: undefined,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
  return issuer;
}

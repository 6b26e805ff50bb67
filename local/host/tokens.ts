import { createRemoteJWKSet, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import * as v from 'valibot';

export interface TokenOptions {
  readonly issuer: string;
  /** A token is for one of these. */
  readonly audience: readonly string[];
  readonly now: Date;
}

/** What is wrong with a token. */
export class InvalidToken extends Error {
  override readonly name = 'InvalidToken';
}

/** In the words of API Gateway's documentation. */
const OTHER_AUDIENCE = 'the token does not have a valid audience';

const DISCOVERY_TIMEOUT_MS = 5_000;

const Discovery = v.object({ issuer: v.string(), jwks_uri: v.pipe(v.string(), v.url()) });

/** Verifies JSON Web Tokens, and keeps the keys of their issuers. */
export class Tokens {
  readonly #keys = new Map<string, Promise<JWTVerifyGetKey>>();

  /**
   * The claims of a token that is signed with RS256 and valid now.
   *
   * @throws InvalidToken also when the issuer cannot be asked for its keys
   * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
   */
  async verify(token: string, { issuer, audience, now }: TokenOptions): Promise<JWTPayload> {
    const claims = await this.#verifySignature(token, issuer, now);
    if (claims.iat !== undefined && claims.iat * 1000 > now.getTime()) {
      throw new InvalidToken('the token was issued in the future');
    }
    const recipients = [claims.aud ?? claims.client_id].flat();
    if (!recipients.some((recipient) => audience.includes(String(recipient)))) {
      throw new InvalidToken(OTHER_AUDIENCE);
    }
    return claims;
  }

  async #verifySignature(token: string, issuer: string, now: Date): Promise<JWTPayload> {
    try {
      const keys = await this.#keysOf(issuer);
      const { payload } = await jwtVerify(token, keys, {
        algorithms: ['RS256'],
        issuer,
        requiredClaims: ['exp'],
        currentDate: now,
      });
      return payload;
    } catch (error) {
      throw new InvalidToken(error instanceof Error ? error.message : String(error), { cause: error });
    }
  }

  #keysOf(issuer: string): Promise<JWTVerifyGetKey> {
    const known = this.#keys.get(issuer);
    if (known) return known;
    const keys = discover(issuer);
    this.#keys.set(issuer, keys);
    // Asked again for the next token.
    keys.catch(() => this.#keys.delete(issuer));
    return keys;
  }
}

/** @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig */
async function discover(issuer: string): Promise<JWTVerifyGetKey> {
  const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
    signal: AbortSignal.timeout(DISCOVERY_TIMEOUT_MS),
  });
  const configuration = v.parse(Discovery, await response.json());
  if (configuration.issuer !== issuer) throw new Error(`The issuer calls itself ${configuration.issuer}`);
  const keys = createRemoteJWKSet(new URL(configuration.jwks_uri));
  return (header, token) => {
    // API Gateway needs it, also where the issuer has a single key.
    if (header.kid === undefined) throw new Error('The token names no key');
    return keys(header, token);
  };
}

/** The scopes in a token's `scope` and `scp`, each one text with spaces or a list. */
export function scopesOf({ scope, scp }: JWTPayload): readonly string[] {
  return [scope, scp].flat().flatMap((value) => (typeof value === 'string' ? value.split(' ') : []));
}

/** Claims as the event has them: all are text, and a list is `[one two]`. */
export function claimsAsText(claims: JWTPayload): Record<string, string> {
  return Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, asText(value)]));
}

function asText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(asText).join(' ')}]`;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

import { HANG_UP, type Reply, type Seen } from './api-double.ts';

/*
 * What `recorder rotate` talks to, as replies of servers on loopback.
 */

export const ACCOUNT_SID = `AC${'a'.repeat(32)}`;
export const SECRET_ARN = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:Twilio-AbCdEf';

interface Version {
  readonly value: string;
  readonly createdAt: number;
}

/** Secrets Manager with one secret. https://docs.aws.amazon.com/secretsmanager/latest/apireference/ */
export class SecretsManagerDouble {
  readonly versions = new Map<string, Version>();
  current: string;
  changedAt: number;
  /** Before it answers a request. */
  beforeRequest: (operation: string) => void = () => undefined;
  readonly #now: () => number;

  constructor(value: object, versionId: string, now: () => number) {
    this.#now = now;
    this.changedAt = now();
    this.current = versionId;
    this.versions.set(versionId, { value: JSON.stringify(value), createdAt: now() });
  }

  /** As somebody else puts it in. */
  put(value: object, versionId: string): void {
    this.versions.set(versionId, { value: JSON.stringify(value), createdAt: this.#now() });
    this.current = versionId;
    this.changedAt = this.#now();
  }

  get secret(): { readonly authTokens: readonly string[]; readonly [field: string]: unknown } {
    return JSON.parse(this.versions.get(this.current)?.value ?? '{}');
  }

  readonly reply = ({ headers, body }: Seen): Reply => {
    const operation = String(headers['x-amz-target']).split('.')[1] ?? '';
    this.beforeRequest(operation);
    const input = JSON.parse(body);
    const type = 'application/x-amz-json-1.1';
    switch (operation) {
      case 'GetSecretValue': {
        const version = this.versions.get(this.current);
        return {
          type,
          body: {
            VersionId: this.current,
            SecretString: version?.value,
            CreatedDate: (version?.createdAt ?? 0) / 1000,
          },
        };
      }
      case 'DescribeSecret':
        return { type, body: { ARN: SECRET_ARN, LastChangedDate: this.changedAt / 1000 } };
      case 'PutSecretValue': {
        const { ClientRequestToken: id, SecretString: value, VersionStages } = input;
        this.versions.set(id, { value, createdAt: this.#now() });
        return { type, body: { VersionId: id, VersionStages } };
      }
      case 'UpdateSecretVersionStage':
        if (input.VersionStage !== 'AWSCURRENT' || input.RemoveFromVersionId !== this.current) {
          return {
            type,
            status: 400,
            body: {
              __type: 'InvalidParameterException',
              message:
                'The parameter RemoveFromVersionId can’t be that version: the staging label is elsewhere.',
            },
          };
        }
        this.current = input.MoveToVersionId;
        this.changedAt = this.#now();
        return { type, body: {} };
      default:
        return HANG_UP;
    }
  };
}

/** Twilio's account and its tokens. */
export class AuthTokensDouble {
  primary: string;
  secondary: string | undefined;
  /** What the account's page shows instead of the primary token. */
  shown: string | undefined;
  readonly asked: string[] = [];
  readonly #now: () => number;

  constructor(primary: string, secondary: string | undefined, now: () => number) {
    this.primary = primary;
    this.secondary = secondary;
    this.#now = now;
  }

  readonly reply = ({ method, path, headers: { authorization = '' } }: Seen): Reply => {
    const [user, password] = Buffer.from(authorization.slice('Basic '.length), 'base64')
      .toString()
      .split(':');
    const headers = { date: new Date(this.#now()).toUTCString() };
    const what = `${method} ${path}`;
    this.asked.push(what);
    const isPrimary = user === ACCOUNT_SID && password === this.primary;
    if (user !== ACCOUNT_SID || (!isPrimary && password !== this.secondary)) {
      return { status: 401, headers, body: { code: 20003, message: 'Authenticate' } };
    }
    if (what === `GET /2010-04-01/Accounts/${ACCOUNT_SID}.json`) {
      return {
        headers,
        body: { sid: ACCOUNT_SID, status: 'active', auth_token: this.shown ?? this.primary },
      };
    }
    if (!isPrimary) return { status: 403, headers, body: { code: 20003, message: 'Not the primary token' } };
    switch (what) {
      case 'POST /v1/AuthTokens/Secondary':
        if (this.secondary !== undefined) {
          return { status: 409, headers, body: { code: 20409, message: 'There is one' } };
        }
        this.secondary = `made-by-twilio-${this.asked.length}`;
        return {
          status: 201,
          headers,
          body: { account_sid: ACCOUNT_SID, secondary_auth_token: this.secondary },
        };
      case 'DELETE /v1/AuthTokens/Secondary':
        if (this.secondary === undefined) return { status: 404, headers, body: { code: 20404 } };
        this.secondary = undefined;
        return { status: 204, headers, body: '' };
      case 'POST /v1/AuthTokens/Promote':
        if (this.secondary === undefined) return { status: 404, headers, body: { code: 20404 } };
        this.primary = this.secondary;
        this.secondary = undefined;
        return { headers, body: { account_sid: ACCOUNT_SID, auth_token: this.primary } };
      default:
        return { status: 404, headers, body: { code: 20404 } };
    }
  };
}

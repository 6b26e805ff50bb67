import { randomUUID } from 'node:crypto';
import type { GetSecretValueCommandOutput, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { describeError, SecretInvalidError } from '../lambda/shared/errors.ts';
import { parseSecret, type TwilioSecret } from '../lambda/shared/secret.ts';
import type { AwsAccess } from './aws.ts';
import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { MARKS, type Mark, type Storing } from './rotation.ts';

/** The secret as it was read. */
export interface HeldSecret {
  readonly secret: TwilioSecret;
  readonly versionId: string;
  /** Which step of a rotation wrote this version. */
  readonly mark: Mark | undefined;
  /** When this version was made, in milliseconds since the epoch. */
  readonly createdAt: number;
  /** When it can last have become the current one. */
  readonly changedAt: number;
}

/** Where the functions read Twilio's credentials. Throws Failure, which carries nothing of the secret. */
export interface SecretStore {
  read(): Promise<HeldSecret>;
  /** Puts other auth tokens in and leaves the rest. Refuses if the secret is no longer the one that was read. */
  replace(held: HeldSecret, storing: Storing): Promise<void>;
}

/** A version's id says which step made it: `recorder-rotate-added-<UUID>`. */
const MARK = new RegExp(`^recorder-rotate-(${MARKS.join('|')})-`);
/** A version becomes the current one so soon after it was made, or never: its age is what the waits go by. */
const MOVES_WITHIN_MS = 30_000;
const ATTEMPT_MS = 10_000;

/** By AWS Secrets Manager. What it takes is `secretsmanager:` GetSecretValue and, to change it, the three others. */
export function secretStore(secretArn: string, aws: AwsAccess): SecretStore {
  return {
    read: () =>
      withClient(secretArn, aws, async (client, { GetSecretValueCommand, DescribeSecretCommand }) => {
        const value = await client.send(new GetSecretValueCommand({ SecretId: secretArn }));
        const { LastChangedDate } = await client.send(new DescribeSecretCommand({ SecretId: secretArn }));
        const createdAt = value.CreatedDate?.getTime() ?? Date.now();
        const versionId = value.VersionId ?? '';
        const [, mark] = MARK.exec(versionId) ?? [];
        return {
          secret: secretOf(value),
          versionId,
          mark: MARKS.find((known) => known === mark),
          createdAt,
          // Whatever else was changed makes a wait longer, never shorter.
          changedAt: Math.max(createdAt, LastChangedDate?.getTime() ?? 0),
        };
      }),

    /**
     * First a version that nobody reads, then the label moves from the version that was read to it. Secrets Manager
     * refuses the move if the label is elsewhere by then, so nobody's change is lost.
     * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
     */
    replace: (held, { tokens, mark }) =>
      withClient(secretArn, aws, async (client, commands) => {
        const { GetSecretValueCommand, PutSecretValueCommand, UpdateSecretVersionStageCommand } = commands;
        const current = await client.send(new GetSecretValueCommand({ SecretId: secretArn }));
        if (current.VersionId !== held.versionId) {
          throw changedMeanwhile();
        }
        const begunAt = Date.now();
        const document: object = JSON.parse(current.SecretString ?? '');
        const SecretString = JSON.stringify({ ...document, authTokens: tokens });
        secretOf({ SecretString });
        const { VersionId } = await client.send(
          new PutSecretValueCommand({
            SecretId: secretArn,
            ClientRequestToken: `recorder-rotate-${mark}-${randomUUID()}`,
            SecretString,
            VersionStages: ['AWSPENDING'],
          }),
        );
        if (Date.now() - begunAt > MOVES_WITHIN_MS) {
          throw changedMeanwhile();
        }
        await client.send(
          new UpdateSecretVersionStageCommand({
            SecretId: secretArn,
            VersionStage: 'AWSCURRENT',
            MoveToVersionId: VersionId,
            RemoveFromVersionId: held.versionId,
          }),
        );
      }),
  };
}

type Commands = typeof import('@aws-sdk/client-secrets-manager');

async function withClient<T>(
  secretArn: string,
  aws: AwsAccess,
  act: (client: SecretsManagerClient, commands: Commands) => Promise<T>,
): Promise<T> {
  const region = secretArn.split(':')[3] || (await aws.region());
  const credentials = await aws.credentials();
  const commands = await import('@aws-sdk/client-secrets-manager');
  const client = new commands.SecretsManagerClient({
    region,
    credentials,
    requestHandler: { requestTimeout: ATTEMPT_MS },
  });
  try {
    return await act(client, commands);
  } catch (error) {
    throw error instanceof Failure ? error : refused(secretArn, error);
  } finally {
    client.destroy();
  }
}

function secretOf({ SecretString }: Pick<GetSecretValueCommandOutput, 'SecretString'>): TwilioSecret {
  try {
    return parseSecret(SecretString);
  } catch (error) {
    if (!(error instanceof SecretInvalidError)) {
      throw error;
    }
    throw new Failure({
      exitCode: EXIT.conflict,
      title: 'The secret is not right',
      detail: error.message,
      hint: 'Put it in again with the command in the output PutSecretCommand.',
    });
  }
}

const changedMeanwhile = (): Failure =>
  new Failure({
    exitCode: EXIT.conflict,
    title: 'Changed meanwhile',
    detail: 'the secret is no longer what was read, so nothing was changed.',
    hint: 'Run the command again: it finds out where the rotation is.',
  });

/** Without the cause: the SDK's errors carry the request. */
function refused(secretArn: string, error: unknown): Failure {
  const { name, message } = describeError(error);
  if (name === 'InvalidParameterException' && /RemoveFromVersionId|staging label/i.test(message)) {
    return changedMeanwhile();
  }
  const isDenied = /AccessDenied|UnrecognizedClient|ExpiredToken|InvalidSignature/.test(name);
  return new Failure({
    exitCode: isDenied ? EXIT.notAllowed : EXIT.failed,
    title: isDenied ? 'Not allowed' : 'The secret could not be read or changed',
    detail: `Secrets Manager said of ${secretArn}: ${name}: ${message}`,
    hint: isDenied
      ? 'Allow secretsmanager:GetSecretValue and DescribeSecret on it; a rotation needs PutSecretValue and UpdateSecretVersionStage as well.'
      : 'Run the command again: it finds out where it is.',
  });
}

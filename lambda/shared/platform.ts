import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { HttpRequest, HttpResponse } from '@smithy/protocol-http';
import type { Clock } from './clock.ts';
import type { Environment } from './environment.ts';
import type { Telemetry } from './telemetry.ts';

/** Carries a request to Twilio. Rejects when there is no answer, with Node.js's `code` when there was no connection. */
export interface HttpHandler {
  handle(
    request: HttpRequest,
    options: { readonly abortSignal: AbortSignal },
  ): Promise<{ readonly response: HttpResponse }>;
}

/**
 * Makes a client of an AWS service.
 *
 * @param attempts how often a request is sent at most
 * @param attemptMilliseconds how long one attempt may take
 */
export type ClientFactory<C extends { send: unknown }> = (
  attempts: number,
  attemptMilliseconds: number,
) => Pick<C, 'send'>;

/**
 * What a function stands on. `handler.ts` gives it what Lambda has; each function's `wire.ts`, the one place that knows
 * how its parts go together, takes it from whoever runs the function.
 */
export interface Platform {
  /** The function's environment variables. */
  readonly environment: Environment;
  readonly clock: Clock;
  /** 0 <= random() < 1. */
  readonly random: () => number;
  /** A name that nothing else has. */
  readonly newId: () => string;
  readonly telemetry: Telemetry;
  readonly dynamoDb: ClientFactory<DynamoDBClient>;
  readonly stepFunctions: ClientFactory<SFNClient>;
  readonly secretsManager: ClientFactory<SecretsManagerClient>;
  readonly http: HttpHandler;
}

/** What every function stands on. */
export type BasePlatform = Pick<Platform, 'environment' | 'clock' | 'random' | 'newId' | 'telemetry'>;

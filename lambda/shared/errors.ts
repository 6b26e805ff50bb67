/**
 * Errors that leave a function. Step Functions matches them in `Retry` and `Catch` by name, so a class name is a
 * contract with the template: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
 */

/** DynamoDB could not be read or written. Worth another try. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}

/** Secrets Manager did not answer and nothing is cached. Worth another try. */
export class SecretUnavailableError extends Error {
  override readonly name = 'SecretUnavailableError';
}

/** Twilio did not answer, or not so that anything could be learnt. Worth another try. */
export class TwilioUnavailableError extends Error {
  override readonly name = 'TwilioUnavailableError';
}

/** Twilio refuses what it is asked with this API key. Only a person can mend it. */
export class TwilioRefusedError extends Error {
  override readonly name = 'TwilioRefusedError';
}

/** The secret's value is not what its description asks for. Only a person can mend it. */
export class SecretInvalidError extends Error {
  override readonly name = 'SecretInvalidError';
}

/** What the state machine passed is not what the function takes: the execution was started by hand, or not by us. */
export class InputInvalidError extends Error {
  override readonly name = 'InputInvalidError';
}

/** The function was deployed with a missing or broken environment variable. Only a deployment can mend it. */
export class EnvironmentInvalidError extends Error {
  override readonly name = 'EnvironmentInvalidError';
}

/** What anything thrown says of itself, without what it carries: an HTTP client's error may hold credentials. */
export const describeError = (error: unknown): { readonly name: string; readonly message: string } =>
  error instanceof Error
    ? { name: error.name, message: error.message }
    : { name: 'UnknownError', message: 'something that is not an Error was thrown' };

/** Undefined when the table does not do its part, where that is no reason to give up. */
export async function ifAvailable<T>(operation: Promise<T>): Promise<T | undefined> {
  try {
    return await operation;
  } catch (error) {
    if (error instanceof StoreUnavailableError) {
      return undefined;
    }
    throw error;
  }
}

import { authTokensOf } from './auth-tokens.ts';
import type { AwsAccess } from './aws.ts';
import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';
import type { SecretChecks } from './secret-check.ts';
import { secretStore } from './secret-store.ts';
import { TwilioAccount } from './twilio-account.ts';
import { twilioApiRoot } from './twilio-environment.ts';

/** What looks at a stack's secret asks Secrets Manager, and Twilio with what is in it. */
export function secretChecks(secretArn: string, twilioApi: string, aws: AwsAccess): SecretChecks {
  const apiUrl = twilioApiRoot(twilioApi);
  return {
    secrets: secretStore(secretArn, aws),
    authTokensOf: (accountSid) => authTokensOf(accountSid, apiUrl),
    keyWorks: async ({ accountSid, apiKeySid, apiKeySecret }) => {
      try {
        await new TwilioAccount({ accountSid, apiKeySid, apiKeySecret, apiUrl }).numbers();
        return true;
      } catch (error) {
        if (error instanceof Failure && error.exitCode === EXIT.notAllowed) {
          return false;
        }
        throw error;
      }
    },
  };
}

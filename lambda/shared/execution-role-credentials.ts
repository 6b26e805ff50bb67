import { fromEnv } from '@aws-sdk/credential-provider-env';

/**
 * Stands in for the AWS SDK's chain of credential providers when the functions are bundled: Lambda puts the execution
 * role's credentials into the environment, and the rest of the chain (profiles, SSO, STS, instance metadata) is a third
 * of the code that each cold start would parse.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
 */
export const defaultProvider = fromEnv;

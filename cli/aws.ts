import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** Who asks AWS, and where. What is needed for it is loaded only then: it takes most of a second. */
export interface AwsAccess {
  /** @throws Failure when there are none, or none that are still good */
  credentials(): Promise<AwsCredentials>;
  /** From AWS_REGION or the profile, else the one given here. @throws Failure when there is none at all */
  region(otherwise?: string): Promise<string>;
}

/** As the AWS CLI has it: the environment, a profile, single sign-on, a container's or a machine's role. */
export function awsAccess(profile: string | undefined): AwsAccess {
  const ofProfile = profile === undefined ? {} : { profile, logger: SILENT };
  return {
    credentials: async () => {
      const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers');
      try {
        return await fromNodeProviderChain(ofProfile)();
      } catch (error) {
        throw withoutCredentials(profile, error);
      }
    },
    region: async (otherwise) => {
      const { loadConfig, NODE_REGION_CONFIG_OPTIONS } = await import('@smithy/core/config');
      const { environmentVariableSelector, configFileSelector } = NODE_REGION_CONFIG_OPTIONS;
      const region = await loadConfig<string>(
        { environmentVariableSelector, configFileSelector, default: () => otherwise ?? '' },
        ofProfile,
      )();
      return region || Promise.reject(withoutRegion());
    },
  };
}

/** Whoever names a profile need not be told that there are credentials in the environment as well. */
const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function withoutCredentials(profile: string | undefined, error: unknown): Failure {
  const said = error instanceof Error ? error.message : '';
  const expired = /expired/i.test(said);
  return new Failure({
    exitCode: EXIT.notAllowed,
    title: expired ? 'The AWS credentials have expired' : 'No AWS credentials',
    detail: `${profile === undefined ? '' : `profile ${profile}: `}${said || 'none were found.'}`,
    hint: expired
      ? 'Sign in again, for example with `aws sso login`.'
      : 'Sign in, for example with `aws sso login`; choose a profile with --profile; or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
    cause: error,
  });
}

const withoutRegion = (): Failure =>
  new Failure({
    exitCode: EXIT.usage,
    title: 'No AWS region',
    detail: 'neither AWS_REGION nor the profile names one.',
    hint: 'Set AWS_REGION to the region in which the recorder is deployed.',
  });

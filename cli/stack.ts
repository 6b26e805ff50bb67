import type { CloudFormationClient, Stack } from '@aws-sdk/client-cloudformation';
import type { AwsAccess } from './aws.ts';
import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';
import type { Recorder } from './number-configuration.ts';

/** The stack's output with the base URL of its HTTP API. */
export const API_URL_OUTPUT = 'ApiUrl';

/** The base URL of a deployed recorder's API. Throws Failure. */
export async function apiUrlOfStack(stack: string, aws: AwsAccess): Promise<string> {
  const outputs = await outputsOfStack(stack, aws, { instead: '--url', what: 'the API' });
  return outputs.get(API_URL_OUTPUT, 'The stack has no API');
}

export interface DeployedRecorder extends Recorder {
  readonly alarmTopicArn?: string | undefined;
  readonly secretArn?: string | undefined;
}

/** What the stack says of a deployed recorder. Throws Failure. */
export async function recorderOfStack(stack: string, aws: AwsAccess): Promise<DeployedRecorder> {
  const outputs = await outputsOfStack(stack, aws, { instead: '--voice-url', what: 'the voice URL' });
  return {
    voiceUrl: outputs.get('VoiceUrl', 'The stack has no voice URL'),
    whenNotRecorded:
      outputs.get('WhenNotRecorded', 'The stack does not say whether calls must be recorded') === 'continue'
        ? 'continue'
        : 'refuse',
    alarmTopicArn: outputs.find('AlarmTopicArn'),
    secretArn: outputs.find('SecretArn'),
  };
}

/** What is looked for in a stack, and the option that names it otherwise. */
interface Sought {
  readonly instead: '--url' | '--voice-url';
  readonly what: string;
}

interface Outputs {
  find(name: string): string | undefined;
  /** Throws Failure with this title when there is no such output. */
  get(name: string, title: string): string;
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html */
async function outputsOfStack(stack: string, aws: AwsAccess, sought: Sought): Promise<Outputs> {
  const [region, credentials] = await Promise.all([aws.region(), aws.credentials()]);
  const { CloudFormationClient, DescribeStacksCommand } = await import('@aws-sdk/client-cloudformation');
  const client: CloudFormationClient = new CloudFormationClient({ region, credentials });
  const where = `${stack} in ${region}`;
  let described: Stack | undefined;
  try {
    const answer = await client.send(new DescribeStacksCommand({ StackName: stack }));
    described = answer.Stacks?.[0];
  } catch (error) {
    throw notDescribed(where, sought, error);
  } finally {
    client.destroy();
  }
  const find = (name: string) => described?.Outputs?.find(({ OutputKey }) => OutputKey === name)?.OutputValue;
  return {
    find,
    get: (name, title) => {
      const value = find(name);
      if (!value) {
        throw new Failure({
          exitCode: EXIT.notFound,
          title,
          detail: `${where} has no output ${name}.`,
          hint: `Deploy it again with this version, or name another with --stack or ${sought.instead}.`,
        });
      }
      return value;
    },
  };
}

interface Explained {
  readonly exitCode: Failure['exitCode'];
  readonly title: string;
  readonly hint: string;
}

function notDescribed(where: string, sought: Sought, error: unknown): Failure {
  const { name, message } = error instanceof Error ? error : { name: 'UnknownError', message: '' };
  return new Failure({
    ...explained(name, message, sought),
    detail: `CloudFormation said of ${where}: ${message || name}`,
    cause: error,
  });
}

function explained(name: string, message: string, { what, instead }: Sought): Explained {
  if (name === 'ValidationError' && message.includes('does not exist')) {
    return {
      exitCode: EXIT.notFound,
      title: 'No such stack',
      hint: `Name it with --stack, its region with AWS_REGION, or ${what} itself with ${instead}.`,
    };
  }
  if (/expired/i.test(name)) {
    return {
      exitCode: EXIT.notAllowed,
      title: 'The AWS credentials have expired',
      hint: 'Sign in again, for example with `aws sso login`.',
    };
  }
  if (/AccessDenied|InvalidClientTokenId|SignatureDoesNotMatch|UnrecognizedClient/.test(name)) {
    return {
      exitCode: EXIT.notAllowed,
      title: 'Not allowed',
      hint: `Allow cloudformation:DescribeStacks, or name ${what} itself with ${instead}.`,
    };
  }
  return {
    exitCode: EXIT.failed,
    title: 'The stack could not be looked up',
    hint: `Try again, or name ${what} itself with ${instead}.`,
  };
}

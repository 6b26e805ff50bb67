import type { CloudFormationClient, Stack } from '@aws-sdk/client-cloudformation';
import type { AwsAccess } from './aws.ts';
import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';

/** The stack's output with the base URL of its HTTP API. */
export const API_URL_OUTPUT = 'ApiUrl';

/**
 * The base URL of a deployed recorder's API. Throws Failure.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
 */
export async function apiUrlOfStack(stack: string, aws: AwsAccess): Promise<string> {
  const [region, credentials] = await Promise.all([aws.region(), aws.credentials()]);
  const { CloudFormationClient, DescribeStacksCommand } = await import('@aws-sdk/client-cloudformation');
  const client: CloudFormationClient = new CloudFormationClient({ region, credentials });
  const where = `${stack} in ${region}`;
  let described: Stack | undefined;
  try {
    const answer = await client.send(new DescribeStacksCommand({ StackName: stack }));
    described = answer.Stacks?.[0];
  } catch (error) {
    throw notDescribed(where, error);
  } finally {
    client.destroy();
  }
  const url = described?.Outputs?.find(({ OutputKey }) => OutputKey === API_URL_OUTPUT)?.OutputValue;
  if (!url) {
    throw new Failure({
      exitCode: EXIT.notFound,
      title: 'The stack has no API',
      detail: `${where} has no output ${API_URL_OUTPUT}.`,
      hint: 'Deploy it again with this version, or name another with --stack or --url.',
    });
  }
  return url;
}

interface Explained {
  readonly exitCode: Failure['exitCode'];
  readonly title: string;
  readonly hint: string;
}

function notDescribed(where: string, error: unknown): Failure {
  const { name, message } = error instanceof Error ? error : { name: 'UnknownError', message: '' };
  return new Failure({
    ...explained(name, message),
    detail: `CloudFormation said of ${where}: ${message || name}`,
    cause: error,
  });
}

function explained(name: string, message: string): Explained {
  if (name === 'ValidationError' && message.includes('does not exist')) {
    return {
      exitCode: EXIT.notFound,
      title: 'No such stack',
      hint: 'Name it with --stack, its region with AWS_REGION, or the API itself with --url.',
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
      hint: 'Allow cloudformation:DescribeStacks, or name the API itself with --url.',
    };
  }
  return {
    exitCode: EXIT.failed,
    title: 'The stack could not be looked up',
    hint: 'Try again, or name the API itself with --url.',
  };
}

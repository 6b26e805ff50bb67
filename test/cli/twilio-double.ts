import {
  type Account,
  type Faults,
  type NumberConfiguration,
  TwilioSimulator,
} from '../../local/twilio-simulator/simulator.ts';
import { STILL_NETWORK, CREDENTIALS as TWILIO } from '../local/twilio-simulator/rig.ts';
import { type Ended, type Reply, recorder } from './api-double.ts';

export { TWILIO };

export const NUMBER = '+15551234567';
export const VOICE_URL = 'https://recorder.example/voice';
export const APPLICATION = 'https://app.example/voice?tenant=a%20b&x=1';
export const OVERRIDES = '#rc=2&rp=ct,rt,5xx&ct=1000&rt=4000';

export const through = (voiceUrl: string, application = APPLICATION): string =>
  `${voiceUrl}/${Buffer.from(application).toString('base64url')}`;

export const ENVIRONMENT = {
  TWILIO_ACCOUNT_SID: TWILIO.accountSid,
  TWILIO_API_KEY: TWILIO.apiKeySid,
  TWILIO_API_SECRET: TWILIO.apiKeySecret,
} as const;

/** A simulated Twilio with one number, and the command of an operator for it. */
export interface TwilioSide extends AsyncDisposable {
  readonly simulator: TwilioSimulator;
  /** The operations that the API was asked for, in their order. */
  readonly asked: readonly string[];
  /** What the number is configured with now. */
  number(): NumberConfiguration | undefined;
  run(args: readonly string[], environment?: Readonly<Record<string, string>>): Promise<Ended>;
}

export async function startTwilio(
  configuration: Partial<NumberConfiguration> = {},
  options: { readonly account?: Partial<Account>; readonly faults?: Partial<Faults> } = {},
): Promise<TwilioSide> {
  const simulator = await TwilioSimulator.start({
    seed: 1,
    credentials: TWILIO,
    network: STILL_NETWORK,
    ...options,
  });
  const asked: string[] = [];
  simulator.onEvent((event) => {
    if (event.type === 'rest-request') {
      asked.push(event.operation);
    }
  });
  const sid = simulator.addNumber({ phoneNumber: NUMBER, voiceUrl: APPLICATION, ...configuration });
  return {
    simulator,
    asked,
    number: () => simulator.number(sid),
    run: (args, environment = ENVIRONMENT) =>
      recorder(args, { TWILIO_API_URL: simulator.url, ...environment }),
    [Symbol.asyncDispose]: () => simulator.stop(),
  };
}

/** CloudFormation's description of a stack with these outputs. */
export const stackWith = (outputs: Readonly<Record<string, string>>): Reply => {
  const members = Object.entries(outputs).map(
    ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  );
  return {
    type: 'text/xml',
    body: `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member><StackName>Mine</StackName><StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>2026-03-01T00:00:00Z</CreationTime><Outputs>${members.join('')}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`,
  };
};

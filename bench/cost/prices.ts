/** A list price in US dollars, as its page had it. */
export interface Price {
  readonly dollars: number;
  /** For so many of what is counted. */
  readonly per: number;
  readonly what: string;
  readonly source: string;
}

const STEP_FUNCTIONS = 'https://aws.amazon.com/step-functions/pricing/';
const LAMBDA = 'https://aws.amazon.com/lambda/pricing/';
const API_GATEWAY = 'https://aws.amazon.com/api-gateway/pricing/';
const DYNAMODB = 'https://aws.amazon.com/dynamodb/pricing/on-demand/';
const CLOUDWATCH = 'https://aws.amazon.com/cloudwatch/pricing/';
const SECRETS = 'https://aws.amazon.com/secrets-manager/pricing/';
const XRAY = 'https://aws.amazon.com/xray/pricing/';
const SCHEDULER = 'https://aws.amazon.com/eventbridge/pricing/';
const TWILIO = 'https://www.twilio.com/en-us/voice/pricing/us';

/** The region that the prices are for. */
export const REGION = 'us-east-1';

/** When the prices below were last looked at. Free tiers and discounts are not in them. */
export const PRICES_AS_OF = '2026-11-26';

const MILLION = 1_000_000;

const price = (dollars: number, per: number, what: string, source: string): Price => ({
  dollars,
  per,
  what,
  source,
});

export const PRICES = {
  transition: price(0.025, 1_000, 'state transitions, Standard', STEP_FUNCTIONS),
  lambdaRequest: price(0.2, MILLION, 'invocations', LAMBDA),
  lambdaArm64: price(0.0000133334, 1, 'GB-second, arm64', LAMBDA),
  lambdaX86: price(0.0000166667, 1, 'GB-second, x86', LAMBDA),
  httpApi: price(1, MILLION, 'requests, HTTP API', API_GATEWAY),
  restApi: price(3.5, MILLION, 'requests, REST API', API_GATEWAY),
  writeUnit: price(0.625, MILLION, 'write request units', DYNAMODB),
  readUnit: price(0.125, MILLION, 'read request units', DYNAMODB),
  tableGigabyteMonth: price(0.25, 1, 'GB-month of table and indexes', DYNAMODB),
  recoveryGigabyteMonth: price(0.2, 1, 'GB-month of point-in-time recovery', DYNAMODB),
  logGigabyte: price(0.5, 1, 'GB of logs taken in', CLOUDWATCH),
  logGigabyteMonth: price(0.03, 1, 'GB-month of logs kept, compressed', CLOUDWATCH),
  metricMonth: price(0.3, 1, 'custom metric and month', CLOUDWATCH),
  alarmMetricMonth: price(0.1, 1, 'metric of an alarm and month', CLOUDWATCH),
  compositeAlarmMonth: price(0.5, 1, 'composite alarm and month', CLOUDWATCH),
  dashboardMonth: price(3, 1, 'dashboard and month', CLOUDWATCH),
  secretMonth: price(0.4, 1, 'secret and month', SECRETS),
  secretRead: price(0.05, 10_000, 'API calls, Secrets Manager', SECRETS),
  trace: price(5, MILLION, 'traces recorded', XRAY),
  schedule: price(1, MILLION, 'invocations, EventBridge Scheduler', SCHEDULER),
  twilioMinute: price(0.0085, 1, 'minute of an incoming call to a US local number', TWILIO),
  twilioRecordingMinute: price(0.0025, 1, 'recorded minute', TWILIO),
} as const satisfies Record<string, Price>;

/** What so many cost, in dollars. */
export const cost = (name: keyof typeof PRICES, count: number): number =>
  (PRICES[name].dollars * count) / PRICES[name].per;

import { signedHeaders } from './authorization.ts';
import type { AwsAccess } from './aws.ts';
import { type Finding, ok, warning } from './findings.ts';
import { codeOf } from './recorder-api.ts';

const CHECK = 'alarms';
const TIMEOUT_MS = 10_000;
const FORM = 'application/x-www-form-urlencoded';

/** What is looked at, each with a request of its own. */
export async function checkAlarms(topicArn: string, aws: AwsAccess): Promise<readonly Finding[]> {
  return [await checkAlarmTopic(topicArn, aws), await checkAlarmActions(topicArn, aws)];
}

/**
 * Whether somebody hears of alarms: all of them tell the topic, which nobody need have subscribed to.
 * https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html
 */
async function checkAlarmTopic(topicArn: string, aws: AwsAccess): Promise<Finding> {
  const answer = await ask('sns', topicArn, aws, {
    Action: 'GetTopicAttributes',
    TopicArn: topicArn,
    Version: '2010-03-31',
  });
  return typeof answer === 'string' ? unseen(topicArn, answer) : topicFinding(topicArn, ...answer);
}

/**
 * Whether alarms tell the topic: somebody may have switched their actions off, for a quiet deployment.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
 */
async function checkAlarmActions(topicArn: string, aws: AwsAccess): Promise<Finding> {
  const answer = await ask('monitoring', topicArn, aws, {
    Action: 'DescribeAlarms',
    ActionPrefix: topicArn,
    'AlarmTypes.member.1': 'CompositeAlarm',
    'AlarmTypes.member.2': 'MetricAlarm',
    MaxRecords: '100',
    Version: '2010-08-01',
  });
  return typeof answer === 'string' ? actionsUnseen(answer) : actionsFinding(topicArn, ...answer);
}

const ENDPOINTS = { sns: 'AWS_ENDPOINT_URL_SNS', monitoring: 'AWS_ENDPOINT_URL_CLOUDWATCH' } as const;

/**
 * Status and body of an answer, or why there is none. One request does not make up for the client of another service.
 *
 * @param topicArn says in which region, and which partition
 */
async function ask(
  service: keyof typeof ENDPOINTS,
  topicArn: string,
  aws: AwsAccess,
  form: Readonly<Record<string, string>>,
): Promise<readonly [number, string] | string> {
  const [, partition, , region = ''] = topicArn.split(':');
  const url =
    process.env[ENDPOINTS[service]] ??
    `https://${service}.${region}.amazonaws.com${partition === 'aws-cn' ? '.cn' : ''}/`;
  const body = new URLSearchParams(form).toString();
  const request = { method: 'POST', url, headers: { 'content-type': FORM }, body };
  const headers = await signedHeaders(request, { service, region, credentials: await aws.credentials() });
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal });
    return [response.status, await response.text()];
  } catch (error) {
    return codeOf(error);
  }
}

/** @param xml `<entry><key>SubscriptionsConfirmed</key><value>1</value></entry>`, and the same of those pending */
export function topicFinding(topicArn: string, status: number, xml: string): Finding {
  const confirmed = attribute(xml, 'SubscriptionsConfirmed');
  if (status !== 200 || confirmed === undefined) {
    return unseen(topicArn, `HTTP ${status}`);
  }
  if (confirmed > 0) {
    return ok(CHECK, `they have subscribers: ${confirmed}.`);
  }
  const pending = attribute(xml, 'SubscriptionsPending') ?? 0;
  return pending > 0
    ? warning(
        CHECK,
        'nobody hears of them yet.',
        'Follow the link in the mail that asks to confirm the subscription.',
      )
    : warning(CHECK, 'nobody hears of them.', `Subscribe to ${topicArn}, or set \`alarmEmail\`.`);
}

const attribute = (xml: string, name: string): number | undefined => {
  const value = new RegExp(`<key>${name}</key>\\s*<value>(\\d+)</value>`).exec(xml)?.[1];
  return value === undefined ? undefined : Number(value);
};

const unseen = (topicArn: string, why: string): Finding =>
  warning(
    CHECK,
    `whether anybody hears of them could not be seen (${why}).`,
    `Allow sns:GetTopicAttributes on ${topicArn}.`,
  );

const ACTIONS = 'alarm actions';

/** @param xml with `<ActionsEnabled>true</ActionsEnabled>` in each alarm that tells the topic */
export function actionsFinding(topicArn: string, status: number, xml: string): Finding {
  if (status !== 200) {
    return actionsUnseen(`HTTP ${status}`);
  }
  const enabled = [...xml.matchAll(/<ActionsEnabled>(true|false)<\/ActionsEnabled>/g)].map(([, is]) => is);
  const off = enabled.filter((is) => is === 'false').length;
  if (enabled.length === 0) {
    return warning(ACTIONS, `no alarm tells ${topicArn}.`, 'Deploy the stack again.');
  }
  return off === 0
    ? ok(ACTIONS, `${enabled.length} alarms tell the topic.`)
    : warning(
        ACTIONS,
        `${off} of ${enabled.length} alarms are switched off.`,
        'Enable their actions: `aws cloudwatch enable-alarm-actions --alarm-names ...`.',
      );
}

const actionsUnseen = (why: string): Finding =>
  warning(ACTIONS, `could not be seen (${why}).`, 'Allow cloudwatch:DescribeAlarms.');

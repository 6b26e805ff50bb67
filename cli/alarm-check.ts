import { signedHeaders } from './authorization.ts';
import type { AwsAccess } from './aws.ts';
import { type Finding, ok, warning } from './findings.ts';
import { codeOf } from './recorder-api.ts';

const CHECK = 'alarms';
const TIMEOUT_MS = 10_000;
const FORM = 'application/x-www-form-urlencoded';

/**
 * Whether somebody hears of alarms: all of them tell the topic, which nobody need have subscribed to. One request does
 * not make up for the client of another service.
 * https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html
 */
export async function checkAlarmTopic(topicArn: string, aws: AwsAccess): Promise<Finding> {
  const [, partition, , region = ''] = topicArn.split(':');
  const url =
    process.env.AWS_ENDPOINT_URL_SNS ??
    `https://sns.${region}.amazonaws.com${partition === 'aws-cn' ? '.cn' : ''}/`;
  const body = new URLSearchParams({
    Action: 'GetTopicAttributes',
    TopicArn: topicArn,
    Version: '2010-03-31',
  }).toString();
  const request = { method: 'POST', url, headers: { 'content-type': FORM }, body };
  const headers = await signedHeaders(request, {
    service: 'sns',
    region,
    credentials: await aws.credentials(),
  });
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal });
    return topicFinding(topicArn, response.status, await response.text());
  } catch (error) {
    return unseen(topicArn, codeOf(error));
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

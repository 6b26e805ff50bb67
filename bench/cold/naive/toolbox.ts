import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import twilio from 'twilio';
import { z } from 'zod';

/** What handlers are usually built with: the same logs and metrics as ours, and the schema library that most choose. */
export const logger = new Logger({ serviceName: 'naive' });
export const metrics = new Metrics({ namespace: 'Naive', serviceName: 'naive' });
export const count = (name: string): void => {
  metrics.addMetric(name, MetricUnit.Count, 1);
  metrics.publishStoredMetrics();
};

export const Secret = z.object({
  accountSid: z.string().regex(/^AC/),
  authTokens: z.array(z.string().min(16)).min(1),
  apiKeySid: z.string().regex(/^SK/),
  apiKeySecret: z.string().min(16),
});

/** The webhook's parameters, or undefined when Twilio did not sign them. */
export function verifiedForm(
  event: APIGatewayProxyEventV2,
  authTokens: readonly string[],
): Record<string, string> | undefined {
  const parameters = Object.fromEntries(
    new URLSearchParams(Buffer.from(event.body ?? '', 'base64').toString()),
  );
  const url = `${process.env.PUBLIC_BASE_URL}${event.rawPath}`;
  const signature = event.headers['x-twilio-signature'] ?? '';
  const signed = authTokens.some((token) => twilio.validateRequest(token, signature, url, parameters));
  return signed ? parameters : undefined;
}

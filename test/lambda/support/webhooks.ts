import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { ACCOUNT_SID, CALL_SID, RECORDING_SID } from './sids.ts';

export type Parameters = Record<string, string | string[]>;

export const PUBLIC_BASE_URL = 'https://recorder.example.com';
export const AUTH_TOKEN = 'a-token-of-the-account-for-tests';

/** What Twilio says of an incoming call. */
export const voiceParameters = (): Parameters => ({
  AccountSid: ACCOUNT_SID,
  ApiVersion: '2010-04-01',
  CallSid: CALL_SID,
  CallStatus: 'ringing',
  Called: '+15550002222',
  Caller: '+15550001111',
  Direction: 'inbound',
  From: '+15550001111',
  To: '+15550002222',
});

/** What Twilio says of a recording that is ready. */
export const statusParameters = (): Parameters => ({
  AccountSid: ACCOUNT_SID,
  CallSid: CALL_SID,
  ErrorCode: '0',
  RecordingChannels: '2',
  RecordingDuration: '7',
  RecordingSid: RECORDING_SID,
  RecordingSource: 'StartCallRecordingAPI',
  RecordingStartTime: 'Tue, 24 Nov 2026 12:00:01 +0000',
  RecordingStatus: 'completed',
  RecordingTrack: 'both',
  RecordingUrl: `https://api.twilio.com/2010-04-01/Accounts/${ACCOUNT_SID}/Recordings/${RECORDING_SID}`,
});

/** A form the way Twilio sends it. */
export const formOf = (parameters: Parameters): string =>
  new URLSearchParams(
    Object.entries(parameters).flatMap(([name, values]) =>
      [values].flat().map((value): [string, string] => [name, value]),
    ),
  ).toString();

export interface WebhookRequest {
  /** Path of the URL that Twilio was given, as it stands there. */
  readonly path?: string;
  readonly parameters?: Parameters;
  /** Changes to the event, after it was signed. */
  readonly event?: Partial<APIGatewayProxyEventV2>;
  /** Changes to its headers; `undefined` takes one out. */
  readonly headers?: Record<string, string | undefined>;
  readonly method?: string;
  readonly authToken?: string;
}

/** API Gateway's event (payload format 2.0) of a request that Twilio signed. */
export function webhookEvent({
  path = '/voice',
  parameters = voiceParameters(),
  event = {},
  headers = {},
  method = 'POST',
  authToken = AUTH_TOKEN,
}: WebhookRequest = {}): APIGatewayProxyEventV2 {
  const [rawPath = '', rawQueryString = ''] = path.split('?');
  const [, route, next] = /^\/(voice|gate|consent|opt-out)\/(.+)$/.exec(rawPath) ?? [];
  const routeKey = `POST ${next === undefined ? rawPath : `/${route}/{next}`}`;
  const allHeaders = {
    'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
    host: 'abc.execute-api.eu-central-1.amazonaws.com',
    'user-agent': 'TwilioProxy/1.1',
    'x-twilio-signature': getExpectedTwilioSignature(authToken, `${PUBLIC_BASE_URL}${path}`, parameters),
    ...headers,
  };
  return {
    version: '2.0',
    routeKey,
    // HTTP APIs hand paths over decoded.
    rawPath: decodeURIComponent(rawPath),
    rawQueryString,
    headers: Object.fromEntries(Object.entries(allHeaders).filter(([, value]) => value !== undefined)),
    ...(next !== undefined && { pathParameters: { next: decodeURIComponent(next) } }),
    requestContext: {
      accountId: '123456789012',
      apiId: 'abc',
      domainName: 'abc.execute-api.eu-central-1.amazonaws.com',
      domainPrefix: 'abc',
      http: {
        method,
        path: decodeURIComponent(rawPath),
        protocol: 'HTTP/1.1',
        sourceIp: '192.0.2.1',
        userAgent: 'TwilioProxy/1.1',
      },
      requestId: 'request',
      routeKey,
      stage: '$default',
      time: '24/Nov/2026:12:00:00 +0000',
      timeEpoch: 1_795_521_600_000,
    },
    body: Buffer.from(formOf(parameters)).toString('base64'),
    isBase64Encoded: true,
    ...event,
  };
}

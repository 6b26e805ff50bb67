import type { InvocationResult } from './execution-environment.ts';

export interface GatewayResponse {
  readonly statusCode: number;
  /** `set-cookie` has one element for each cookie. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string | Buffer;
}

/** An answer that API Gateway gives by itself. */
export function gatewayMessage(statusCode: number, message: string): GatewayResponse {
  return {
    statusCode,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ message }),
  };
}

/**
 * What API Gateway makes of a function's answer in payload format 2.0: an answer without a `statusCode` is the
 * body of a 200.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html#http-api-develop-integrations-lambda.response
 */
export function toResponse(result: InvocationResult): GatewayResponse {
  if ('error' in result) {
    return result.error.errorType === 'Lambda.TooManyRequestsException'
      ? gatewayMessage(503, 'Service Unavailable')
      : gatewayMessage(500, 'Internal Server Error');
  }
  const value: unknown = JSON.parse(result.payload);
  if (typeof value !== 'object' || value === null || !('statusCode' in value)) {
    return {
      statusCode: 200,
      headers: { 'content-type': 'application/json' },
      body: typeof value === 'string' ? value : result.payload,
    };
  }
  const { statusCode, headers, body, isBase64Encoded, cookies }: FunctionResponse = value;
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 100 || status > 599 || typeof (body ?? '') !== 'string') {
    return gatewayMessage(500, 'Internal Server Error');
  }
  return {
    statusCode: status,
    headers: {
      'content-type': 'text/plain;charset=utf-8',
      ...Object.fromEntries(
        Object.entries(Object(headers)).map(([name, header]) => [name.toLowerCase(), String(header)]),
      ),
      ...(Array.isArray(cookies) && { 'set-cookie': cookies.map(String) }),
    },
    body: Buffer.from(String(body ?? ''), isBase64Encoded === true ? 'base64' : 'utf8'),
  };
}

interface FunctionResponse {
  readonly statusCode: unknown;
  readonly headers?: unknown;
  readonly body?: unknown;
  readonly isBase64Encoded?: unknown;
  readonly cookies?: unknown;
}

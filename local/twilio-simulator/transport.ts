import type { RetryReason } from './connection-overrides.ts';

export interface HttpRequest {
  /** Absolute, sent byte for byte as it stands here. */
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly connectTimeoutMs: number;
  /** For the whole exchange. */
  readonly readTimeoutMs: number;
}

export type HttpOutcome =
  | {
      readonly httpStatus: number;
      readonly contentType: string;
      readonly location: string | undefined;
      readonly body: string;
    }
  | { readonly failure: string; readonly reason: RetryReason | 'broken' };

/** How the simulated Twilio reaches other servers. */
export interface Transport {
  /** One request, one outcome, in the time that the request allows; never rejects. */
  exchange(request: HttpRequest): Promise<HttpOutcome>;
}

/** A request to the simulated Twilio, as it came. */
export interface RequestToTwilio {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly authorization: string | undefined;
  /** The header `X-Twilio-Signature`. */
  readonly signature: string | undefined;
  /** Form parameters; empty where there are none. */
  readonly body: string;
}

export interface AnswerOfTwilio {
  readonly httpStatus: number;
  readonly contentType: string | undefined;
  readonly body: string | undefined;
}
